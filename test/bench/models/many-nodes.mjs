/**
 * A chain of thousands of small operators, with weights (MatMul + Add, Tanh, Add) or without (Add, Tanh, Mul, Sigmoid): what a command does per
 * operator shows, not what it does per number.
 *
 *     node test/bench/models/many-nodes.mjs [--out DIR] [--nodes 8000] [--form plain] [--samples 4]
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeNpz } from "../lib/npz.mjs";
import { FLOAT, graphBuilder, writeModel } from "../lib/onnx-writer.mjs";
import { benchOut, isMain } from "../lib/paths.mjs";
import { randomOf, seedOf } from "../lib/random.mjs";

const SEED = 9;
const WIDTH = 32;

function normal(name, count, std) {
  const values = new Float32Array(count);
  randomOf(seedOf(name, SEED)).fillNormal(values, 0, std);
  return values;
}

/** Four operators that read what the two steps before gave, and whose results stay in [−2, 2]. */
const STEPS = {
  weighted(g, path, [last, before]) {
    const fill = (out) => out.set(normal(`${path}.weight`, out.length, 0.2));
    const product = g.node("MatMul", [last, g.weight(`${path}.weight`, [WIDTH, WIDTH], { fill })], { name: `/${path}/MatMul` });
    const bias = g.constant(`/${path}/Constant`, normal(`${path}.bias`, WIDTH, 0.1), [WIDTH]);
    const bent = g.node("Tanh", [g.node("Add", [product, bias], { name: `/${path}/Add` })], { name: `/${path}/Tanh` });
    return g.node("Add", [bent, before], { name: `/${path}/Add_1` });
  },
  plain(g, path, [last, before]) {
    const bent = g.node("Tanh", [g.node("Add", [last, before], { name: `/${path}/Add` })], { name: `/${path}/Tanh` });
    return g.node("Sigmoid", [g.node("Mul", [bent, last], { name: `/${path}/Mul` })], { name: `/${path}/Sigmoid` });
  },
};
const NODES_OF_STEP = 4;

function chain(nodes, form) {
  const g = graphBuilder();
  const steps = Math.max(1, Math.round(nodes / NODES_OF_STEP));
  let recent = ["x", "x"];
  for (let i = 0; i < steps; i += 1) {
    const before = form === "weighted" && i > 0 ? recent[1] : recent[0];
    recent = [STEPS[form](g, `step.${i}`, [recent[0], before]), recent[0]];
  }
  g.node("Identity", [recent[0]], { name: "/Identity", output: "y" });
  return g;
}

function writeSamples(dir, count) {
  const lines = Array.from({ length: count }, (_, i) => {
    const file = `sample-${i}.npz`;
    writeNpz(join(dir, file), { x: { values: normal(`sample-${i}`, WIDTH, 1), shape: [1, WIDTH] } });
    return JSON.stringify({ tensors: file });
  });
  writeFileSync(join(dir, "samples.jsonl"), `${lines.join("\n")}\n`);
}

/** Makes model.onnx, its data and the samples in `dir` unless they are there. Returns their paths. */
export function ensureManyNodes({ nodes, form, samples = 4, dir = join(benchOut, `many-nodes/${form}-${nodes}`) }) {
  const model = join(dir, "model.onnx");
  if (!existsSync(model)) {
    mkdirSync(dir, { recursive: true });
    writeSamples(dir, samples);
    writeModel(model, chain(nodes, form), {
      name: "main_graph",
      opset: 17,
      irVersion: 8,
      inputs: [{ name: "x", dtype: FLOAT, shape: [1, WIDTH] }],
      outputs: [{ name: "y", dtype: FLOAT, shape: [1, WIDTH] }],
    });
  }
  return { dir, model, samples: join(dir, "samples.jsonl") };
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      out: { type: "string" },
      nodes: { type: "string", default: "8000" },
      form: { type: "string", default: "plain" },
      samples: { type: "string", default: "4" },
    },
  });
  const { out, nodes, form, samples } = values;
  process.stdout.write(
    `${JSON.stringify(ensureManyNodes({ nodes: Number(nodes), form, samples: Number(samples), ...(out && { dir: out }) }))}\n`,
  );
}
