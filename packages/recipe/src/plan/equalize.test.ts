import { type DType, type Graph, GraphEditor, type Value } from "@vlm-export/ir";
import { tensorOf } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { parseRecipe } from "../load.js";
import type { Plan } from "../plan-types.js";
import { ops } from "./ops.fixture.js";
import { planGraph } from "./plan-graph.js";

const WIDTH = 8;

/** A norm → two MatMuls; `read` adds another reader of the norm. */
function graphOf(norm: string, read: boolean, dtype: DType): Graph {
  const edit = new GraphEditor(ops, "main");
  const constant = (name: string, shape: readonly number[]): Value =>
    edit.addConstant(name, tensorOf(dtype, shape, new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5)));
  const x = edit.addInput("x", { dtype, shape: [4, WIDTH] });
  const normed = edit.insert(norm, [x, constant("gain", [WIDTH])], {}, { name: "norm", outputs: ["normed"] })[0] as Value;
  for (const name of ["a", "b"])
    edit.addOutput(edit.insert("MatMul", [normed, constant(`w_${name}`, [WIDTH, 2])], {}, { name, outputs: [`${name}_out`] })[0] as Value);
  if (read) edit.addOutput(edit.insert("Relu", [normed], {}, { outputs: ["r"] })[0] as Value);
  edit.settle();
  return edit.graph;
}

async function planOf({
  norm = "LayerNormalization",
  read = false,
  weights = "int8",
  activations = "int8",
  more = "",
  dtype = "f32" as DType,
} = {}): Promise<Plan> {
  const text = `version: 1
rules:
  - match: { op: MatMul }
    weights: { dtype: ${weights}, granularity: channel, symmetric: true }
    activations: { dtype: ${activations}, granularity: tensor, symmetric: false, mode: static }
    equalize: true
${more}`;
  return planGraph(graphOf(norm, read, dtype), await parseRecipe(text, { file: "r.yaml" }), { ops });
}

test.each(["LayerNormalization", "RMSNormalization"])("%s that only equalized products read is planned, with its rule", async (norm) => {
  const { equalizations } = await planOf({ norm });
  expect(equalizations).toMatchObject([{ node: { name: "norm" }, output: { name: "normed" }, decidedBy: { file: "r.yaml", rule: 0 } }]);
  expect(equalizations[0]?.weights.map(({ weight, reduce }) => [weight.value.name, reduce])).toEqual([
    ["w_a", 0],
    ["w_b", 0],
  ]);
});

test.each<DType>(["f16", "bf16"])("a norm and weights in %s are planned as those in f32 are", async (dtype) => {
  expect((await planOf({ dtype })).equalizations).toMatchObject([{ output: { name: "normed" }, weights: [{ reduce: 0 }, { reduce: 0 }] }]);
});

test.each([
  ["another reader", { read: true }],
  ["a narrow weight", { weights: "int4" }],
  ["a wide activation", { activations: "uint16" }],
  ["one product without it", { more: "  - match: { name: b }\n    equalize: false\n" }],
  ["a norm that is kept in float16", { more: "  - match: { op: LayerNormalization }\n    keep: float16\n" }],
  ["a product that is kept in float", { more: "  - match: { name: b }\n    keep: float\n" }],
])("%s leaves the norm alone", async (_name, options) => {
  expect((await planOf(options)).equalizations).toEqual([]);
});
