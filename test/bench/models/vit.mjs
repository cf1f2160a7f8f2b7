/**
 * ViT-B/16 with generated weights, in the form PyTorch exports: Constant nodes, MatMul + Add linears, Erf Gelu.
 * 86,567,656 parameters at the default sizes. Opset 17 and later use LayerNormalization; below it is decomposed.
 *
 *     node test/bench/models/vit.mjs [--out DIR] [--opset 17] [--samples 16]
 *
 * Weight statistics follow trained towers: N(0, 0.02), LayerNorm gains near 1, and a few channels several times
 * larger in gains, in the output columns of linears and in the residual stream.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeNpz } from "../lib/npz.mjs";
import { FLOAT, graphBuilder, writeModel } from "../lib/onnx-writer.mjs";
import { benchOut, isMain } from "../lib/paths.mjs";
import { randomOf, seedOf } from "../lib/random.mjs";

const SEED = 4;
const BASE = { width: 768, heads: 12, blocks: 12, mlp: 3072, image: 224, patch: 16, classes: 1000 };
const OUTLIER_CHANNELS = [47, 138, 256, 381, 447, 690];

/** Multipliers per output channel: 1, but 3 to 8 on one channel in `every`. */
function channelGains(name, count, every) {
  const random = randomOf(seedOf(`${name}/gains`, SEED));
  return Float32Array.from({ length: count }, () => (random.integer(every) === 0 ? 3 + 5 * random.uniform() : 1));
}

/** Row-major [rows, columns] of N(0, std), each column times its gain. */
function matrixFill(name, columns, std, gains) {
  const random = randomOf(seedOf(name, SEED));
  return (out, begin) => {
    random.fillNormal(out, 0, std);
    if (gains) for (let i = 0; i < out.length; i += 1) out[i] *= gains[(begin + i) % columns];
  };
}

/** N(mean, std) with the model's outlier channels multiplied. */
function vectorFill(name, mean, std, outlier) {
  const random = randomOf(seedOf(name, SEED));
  return (out) => {
    random.fillNormal(out, mean, std);
    for (const channel of OUTLIER_CHANNELS) if (channel < out.length) out[channel] *= outlier;
  };
}

const int64 = (...values) => BigInt64Array.from(values.map(BigInt));

function vitGraph(sizes, opset) {
  const { width, heads, blocks, mlp, image, patch, classes } = sizes;
  const tokens = (image / patch) ** 2 + 1;
  const g = graphBuilder();

  /** A vector of N(mean, std) whose outlier channels are `outlier` times as large. */
  const vector = (name, length, { mean = 0, std = 0.02, outlier = 1 } = {}) =>
    g.weight(name, [length], { fill: vectorFill(name, mean, std, outlier) });

  function linear(path, input, [from, to], { every = 400, biasOutlier = 1 } = {}) {
    const weight = g.weight(`onnx::MatMul_${path}`, [from, to], { fill: matrixFill(path, to, 0.02, channelGains(path, to, every)) });
    const product = g.node("MatMul", [input, weight], { name: `/${path}/MatMul` });
    return g.node("Add", [vector(`${path}.bias`, to, { outlier: biasOutlier }), product], { name: `/${path}/Add` });
  }

  function layerNorm(path, input) {
    const gain = vector(`${path}.weight`, width, { mean: 1, std: 0.15, outlier: 4 });
    const bias = vector(`${path}.bias`, width, { std: 0.05, outlier: 4 });
    if (opset >= 17) {
      return g.node("LayerNormalization", [input, gain, bias], {
        name: `/${path}/LayerNormalization`,
        attrs: { axis: -1, epsilon: { float: 1e-6 } },
      });
    }
    const mean = g.node("ReduceMean", [input], { name: `/${path}/ReduceMean`, attrs: { axes: [-1] } });
    const centred = g.node("Sub", [input, mean], { name: `/${path}/Sub` });
    const squared = g.node("Pow", [centred, g.constant(`/${path}/Constant`, Float32Array.of(2), [])], { name: `/${path}/Pow` });
    const variance = g.node("ReduceMean", [squared], { name: `/${path}/ReduceMean_1`, attrs: { axes: [-1] } });
    const shifted = g.node("Add", [variance, g.constant(`/${path}/Constant_1`, Float32Array.of(1e-6), [])], { name: `/${path}/Add` });
    const normal = g.node("Div", [centred, g.node("Sqrt", [shifted], { name: `/${path}/Sqrt` })], { name: `/${path}/Div` });
    return g.node("Add", [g.node("Mul", [normal, gain], { name: `/${path}/Mul` }), bias], { name: `/${path}/Add_1` });
  }

  function headsOf(path, input, perm) {
    const shape = g.constant(`/${path}/Constant`, int64(1, tokens, heads, width / heads), [4]);
    return g.node("Transpose", [g.node("Reshape", [input, shape], { name: `/${path}/Reshape` })], {
      name: `/${path}/Transpose`,
      attrs: { perm },
    });
  }

  function attention(path, input) {
    const project = (role, perm) => headsOf(`${path}/${role}_heads`, linear(`${path}.attention.${role}`, input, [width, width]), perm);
    const [query, key, value] = [project("query", [0, 2, 1, 3]), project("key", [0, 2, 3, 1]), project("value", [0, 2, 1, 3])];
    const scores = g.node("MatMul", [query, key], { name: `/${path}/scores/MatMul` });
    const scaled = g.node("Div", [scores, g.constant(`/${path}/Constant`, Float32Array.of(Math.sqrt(width / heads)), [])], {
      name: `/${path}/Div`,
    });
    const weights = g.node("Softmax", [scaled], { name: `/${path}/Softmax`, attrs: { axis: -1 } });
    const context = g.node("MatMul", [weights, value], { name: `/${path}/context/MatMul` });
    const merged = g.node("Transpose", [context], { name: `/${path}/Transpose`, attrs: { perm: [0, 2, 1, 3] } });
    const flat = g.node("Reshape", [merged, g.constant(`/${path}/Constant_1`, int64(1, tokens, width), [3])], { name: `/${path}/Reshape` });
    return linear(`${path}.output.dense`, flat, [width, width]);
  }

  function gelu(path, input) {
    const scaled = g.node("Div", [input, g.constant(`/${path}/Constant`, Float32Array.of(Math.SQRT2), [])], { name: `/${path}/Div` });
    const erf = g.node("Erf", [scaled], { name: `/${path}/Erf` });
    const shifted = g.node("Add", [erf, g.constant(`/${path}/Constant_1`, Float32Array.of(1), [])], { name: `/${path}/Add` });
    const product = g.node("Mul", [input, shifted], { name: `/${path}/Mul` });
    return g.node("Mul", [product, g.constant(`/${path}/Constant_2`, Float32Array.of(0.5), [])], { name: `/${path}/Mul_1` });
  }

  function block(index, input) {
    const path = `vit.encoder.layer.${index}`;
    const attended = g.node("Add", [attention(`${path}.attention`, layerNorm(`${path}.layernorm_before`, input)), input], {
      name: `/${path}/Add`,
    });
    const hidden = gelu(
      `${path}.intermediate`,
      linear(`${path}.intermediate.dense`, layerNorm(`${path}.layernorm_after`, attended), [width, mlp]),
    );
    const projected = linear(`${path}.output.dense`, hidden, [mlp, width], { every: 200, biasOutlier: 20 });
    return g.node("Add", [projected, attended], { name: `/${path}/Add_1` });
  }

  function embeddings() {
    const path = "vit.embeddings.patch_embeddings.projection";
    const kernel = g.weight(`${path}.weight`, [width, 3, patch, patch], { fill: matrixFill(`${path}.weight`, width, 0.03) });
    const patches = g.node("Conv", ["pixel_values", kernel, vector(`${path}.bias`, width, { std: 0.05, outlier: 4 })], {
      name: `/${path}/Conv`,
      attrs: { dilations: [1, 1], group: 1, kernel_shape: [patch, patch], pads: [0, 0, 0, 0], strides: [patch, patch] },
    });
    const flat = g.node("Reshape", [patches, g.constant(`/${path}/Constant`, int64(1, width, tokens - 1), [3])], {
      name: `/${path}/Reshape`,
    });
    const rows = g.node("Transpose", [flat], { name: `/${path}/Transpose`, attrs: { perm: [0, 2, 1] } });
    const cls = g.weight("vit.embeddings.cls_token", [1, 1, width], { fill: vectorFill("cls_token", 0, 0.2, 8) });
    const all = g.node("Concat", [cls, rows], { name: "/vit/embeddings/Concat", attrs: { axis: 1 } });
    const positions = g.weight("vit.embeddings.position_embeddings", [1, tokens, width], {
      fill: matrixFill("position_embeddings", width, 0.15),
    });
    return g.node("Add", [all, positions], { name: "/vit/embeddings/Add" });
  }

  let hidden = embeddings();
  for (let i = 0; i < blocks; i += 1) hidden = block(i, hidden);
  const cls = g.node("Gather", [layerNorm("vit.layernorm", hidden), g.constant("/Constant", int64(0), [])], {
    name: "/Gather",
    attrs: { axis: 1 },
  });
  const head = g.weight("classifier.weight", [classes, width], { fill: matrixFill("classifier.weight", width, 0.02) });
  g.node("Gemm", [cls, head, vector("classifier.bias", classes)], {
    name: "/classifier/Gemm",
    attrs: { alpha: { float: 1 }, beta: { float: 1 }, transB: 1 },
    output: "logits",
  });
  return g;
}

const tints = (random) => [random.uniform(), random.uniform(), random.uniform()];

function wavesOf(random) {
  return Array.from({ length: 24 }, (_, k) => ({
    fx: (random.uniform() - 0.5) * (k + 1),
    fy: (random.uniform() - 0.5) * (k + 1),
    phase: 2 * Math.PI * random.uniform(),
    power: 1.2 / (k + 1),
    tint: tints(random),
  }));
}

function boxOf(random, size) {
  return { x: random.integer(size), y: random.integer(size), side: random.integer(size / 2), tint: tints(random).map((t) => 3 * t - 1.5) };
}

const inside = (box, x, y) => x >= box.x && x < box.x + box.side && y >= box.y && y < box.y + box.side;

/** One normalised RGB picture [3, size, size]: low-frequency waves whose power falls as 1/f, a rectangle, and pixel noise. */
function pictureOf(index, size) {
  const random = randomOf(seedOf(`picture-${index}`, SEED));
  const picture = new Float32Array(3 * size * size);
  random.fillNormal(picture, 0, 0.05);
  const waves = wavesOf(random);
  const box = boxOf(random, size);
  picture.forEach((noise, i) => {
    const [c, y, x] = [Math.floor(i / (size * size)), Math.floor(i / size) % size, i % size];
    const light = waves.reduce((sum, w) => sum + w.power * w.tint[c] * Math.cos((2 * Math.PI * (w.fx * x + w.fy * y)) / size + w.phase), 0);
    picture[i] = Math.max(-2.1, Math.min(2.6, light + (inside(box, x, y) ? box.tint[c] : 0) + noise));
  });
  return picture;
}

function writeSamples(dir, count, size) {
  const lines = [];
  for (let i = 0; i < count; i += 1) {
    const file = `sample-${String(i).padStart(3, "0")}.npz`;
    writeNpz(join(dir, file), { pixel_values: { values: pictureOf(i, size), shape: [1, 3, size, size] } });
    lines.push(JSON.stringify({ tensors: file }));
  }
  writeFileSync(join(dir, "samples.jsonl"), `${lines.join("\n")}\n`);
}

/** Makes model.onnx, its data and the samples in `dir` unless they are there. Returns their paths. */
export function ensureVit(dir = join(benchOut, "vit-b16"), { opset = 17, samples = 16, sizes = BASE } = {}) {
  const model = join(dir, "model.onnx");
  if (!existsSync(model)) {
    mkdirSync(dir, { recursive: true });
    writeSamples(dir, samples, sizes.image);
    const facts = writeModel(model, vitGraph(sizes, opset), {
      name: "main_graph",
      opset,
      irVersion: 8,
      inputs: [{ name: "pixel_values", dtype: FLOAT, shape: [1, 3, sizes.image, sizes.image] }],
      outputs: [{ name: "logits", dtype: FLOAT, shape: [1, sizes.classes] }],
    });
    writeFileSync(join(dir, "facts.json"), `${JSON.stringify({ ...facts, opset, samples, seed: SEED })}\n`);
  }
  return { dir, model, samples: join(dir, "samples.jsonl") };
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: { out: { type: "string" }, opset: { type: "string", default: "17" }, samples: { type: "string", default: "16" } },
  });
  process.stdout.write(`${JSON.stringify(ensureVit(values.out, { opset: Number(values.opset), samples: Number(values.samples) }))}\n`);
}
