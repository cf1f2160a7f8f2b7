/**
 * LLaMA-like decoders with generated weights, as PyTorch exports them (decomposed RMSNorm, rotate-half RoPE, SiLU gate).
 * Weight matrices are MatMul operands [K, N], K a multiple of 32.
 *
 *     node test/bench/models/decoder.mjs 3gb|14gb [--out DIR]
 *
 * `3gb` holds 2.99 GB of float32 weights. `14gb` holds 13.5 GB of float16 weights as a sparse file of holes: its
 * structure and sizes are real and it takes no disk.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FLOAT, FLOAT16, graphBuilder, INT64, writeModel } from "../lib/onnx-writer.mjs";
import { benchOut, isMain } from "../lib/paths.mjs";
import { randomOf, seedOf } from "../lib/random.mjs";

const SEED = 7;
const SIZES = {
  tiny: { width: 64, mlp: 160, blocks: 2, heads: 4, vocabulary: 256, sequence: 16, dtype: FLOAT },
  "3gb": { width: 2048, mlp: 5632, blocks: 12, heads: 16, vocabulary: 32000, sequence: 16, dtype: FLOAT },
  "14gb": { width: 4096, mlp: 11008, blocks: 32, heads: 32, vocabulary: 32000, sequence: 16, dtype: FLOAT16 },
};

const int64 = (...values) => BigInt64Array.from(values.map(BigInt));

function normalFill(name, mean, std) {
  const random = randomOf(seedOf(name, SEED));
  return (out) => random.fillNormal(out, mean, std);
}

/** cos or sin of position · 10000^(-2i / head), repeated for both halves: [1, 1, sequence, head]. */
function rotaryTable(trig, sequence, head) {
  return Float32Array.from({ length: sequence * head }, (_, k) => trig(Math.floor(k / head) * 10000 ** (-(2 * (k % (head / 2))) / head)));
}

function causalMask(sequence) {
  return Float32Array.from({ length: sequence * sequence }, (_, k) => (k % sequence > Math.floor(k / sequence) ? -1e4 : 0));
}

/** Activations are float32 in both: a float16 weight is cast where it is used, so that ONNX Runtime's CPU runs it. */
function decoderGraph({ width, mlp, blocks, heads, vocabulary, sequence, dtype }) {
  const head = width / heads;
  const g = graphBuilder();
  const filled = dtype === FLOAT;
  const matrix = (name, shape) => {
    const weight = g.weight(name, shape, { dtype, fill: filled ? normalFill(name, 0, 0.02) : undefined });
    return filled ? weight : g.node("Cast", [weight], { name: `/${name}/Cast`, attrs: { to: FLOAT } });
  };
  const vector = (name, length) => g.weight(name, [length], { fill: normalFill(name, 1, 0.15) });
  const scalar = (name, value) => g.constant(name, Float32Array.of(value), []);
  const matmul = (path, input, from, to) => g.node("MatMul", [input, matrix(`${path}.weight`, [from, to])], { name: `/${path}/MatMul` });

  function rmsNorm(path, input) {
    const squared = g.node("Pow", [input, scalar(`/${path}/Constant`, 2)], { name: `/${path}/Pow` });
    const mean = g.node("ReduceMean", [squared], { name: `/${path}/ReduceMean`, attrs: { axes: [-1] } });
    const root = g.node("Sqrt", [g.node("Add", [mean, scalar(`/${path}/Constant_1`, 1e-5)], { name: `/${path}/Add` })], {
      name: `/${path}/Sqrt`,
    });
    const normal = g.node("Mul", [input, g.node("Reciprocal", [root], { name: `/${path}/Reciprocal` })], { name: `/${path}/Mul` });
    return g.node("Mul", [vector(`${path}.weight`, width), normal], { name: `/${path}/Mul_1` });
  }

  const cos = g.constant("/rotary/cos", rotaryTable(Math.cos, sequence, head), [1, 1, sequence, head]);
  const sin = g.constant("/rotary/sin", rotaryTable(Math.sin, sequence, head), [1, 1, sequence, head]);
  const mask = g.constant("/mask", causalMask(sequence), [1, 1, sequence, sequence]);

  function rotate(path, input) {
    const half = (name, from, to) =>
      g.node(
        "Slice",
        [
          input,
          g.constant(`/${path}/${name}/from`, int64(from), [1]),
          g.constant(`/${path}/${name}/to`, int64(to), [1]),
          g.constant(`/${path}/${name}/axis`, int64(3), [1]),
        ],
        { name: `/${path}/${name}` },
      );
    const turned = g.node(
      "Concat",
      [g.node("Neg", [half("Slice_1", head / 2, head)], { name: `/${path}/Neg` }), half("Slice", 0, head / 2)],
      { name: `/${path}/Concat`, attrs: { axis: -1 } },
    );
    return g.node(
      "Add",
      [g.node("Mul", [input, cos], { name: `/${path}/Mul` }), g.node("Mul", [turned, sin], { name: `/${path}/Mul_1` })],
      { name: `/${path}/Add` },
    );
  }

  function attention(path, input) {
    const heading = g.constant(`/${path}/Constant`, int64(1, sequence, heads, head), [4]);
    const project = (role) =>
      g.node(
        "Transpose",
        [g.node("Reshape", [matmul(`${path}.${role}_proj`, input, width, width), heading], { name: `/${path}/${role}/Reshape` })],
        { name: `/${path}/${role}/Transpose`, attrs: { perm: [0, 2, 1, 3] } },
      );
    const [query, key, value] = [rotate(`${path}/q_rope`, project("q")), rotate(`${path}/k_rope`, project("k")), project("v")];
    const turned = g.node("Transpose", [key], { name: `/${path}/Transpose`, attrs: { perm: [0, 1, 3, 2] } });
    const scaled = g.node(
      "Mul",
      [g.node("MatMul", [query, turned], { name: `/${path}/scores/MatMul` }), scalar(`/${path}/Constant_1`, 1 / Math.sqrt(head))],
      { name: `/${path}/Mul` },
    );
    const weights = g.node("Softmax", [g.node("Add", [scaled, mask], { name: `/${path}/Add` })], {
      name: `/${path}/Softmax`,
      attrs: { axis: -1 },
    });
    const context = g.node("Transpose", [g.node("MatMul", [weights, value], { name: `/${path}/context/MatMul` })], {
      name: `/${path}/Transpose_1`,
      attrs: { perm: [0, 2, 1, 3] },
    });
    const flat = g.node("Reshape", [context, g.constant(`/${path}/Constant_2`, int64(1, sequence, width), [3])], {
      name: `/${path}/Reshape`,
    });
    return matmul(`${path}.o_proj`, flat, width, width);
  }

  function feedForward(path, input) {
    const gate = matmul(`${path}.gate_proj`, input, width, mlp);
    const silu = g.node("Mul", [gate, g.node("Sigmoid", [gate], { name: `/${path}/Sigmoid` })], { name: `/${path}/Mul` });
    return matmul(
      `${path}.down_proj`,
      g.node("Mul", [silu, matmul(`${path}.up_proj`, input, width, mlp)], { name: `/${path}/Mul_1` }),
      mlp,
      width,
    );
  }

  let hidden = g.node("Gather", [matrix("model.embed_tokens.weight", [vocabulary, width]), "input_ids"], {
    name: "/model/embed_tokens/Gather",
  });
  for (let i = 0; i < blocks; i += 1) {
    const path = `model.layers.${i}`;
    hidden = g.node("Add", [hidden, attention(`${path}.self_attn`, rmsNorm(`${path}.input_layernorm`, hidden))], { name: `/${path}/Add` });
    hidden = g.node("Add", [hidden, feedForward(`${path}.mlp`, rmsNorm(`${path}.post_attention_layernorm`, hidden))], {
      name: `/${path}/Add_1`,
    });
  }
  const last = rmsNorm("model.norm", hidden);
  g.node("MatMul", [last, matrix("lm_head.weight", [width, vocabulary])], { name: "/lm_head/MatMul", output: "logits" });
  return g;
}

/** Makes model.onnx and its data in `dir` unless they are there. Returns their paths. */
export function ensureDecoder(size, dir = join(benchOut, `decoder-${size}`)) {
  const model = join(dir, "model.onnx");
  if (!existsSync(model)) {
    mkdirSync(dir, { recursive: true });
    const sizes = SIZES[size];
    const facts = writeModel(model, decoderGraph(sizes), {
      name: "main_graph",
      opset: 17,
      irVersion: 8,
      inputs: [{ name: "input_ids", dtype: INT64, shape: [1, sizes.sequence] }],
      outputs: [{ name: "logits", dtype: FLOAT, shape: [1, sizes.sequence, sizes.vocabulary] }],
    });
    writeFileSync(join(dir, "facts.json"), `${JSON.stringify({ ...facts, seed: SEED })}\n`);
  }
  return { dir, model, data: `${model}.data` };
}

if (isMain(import.meta.url)) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: "string" } } });
  process.stdout.write(`${JSON.stringify(ensureDecoder(positionals[0] ?? "3gb", values.out))}\n`);
}
