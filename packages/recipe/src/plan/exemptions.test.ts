import { f32Tensor, type Graph, GraphEditor, memoryTensor, type Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { parseRecipe, type Plan, planGraph } from "../index.js";
import { ops } from "./ops.fixture.js";

/** A graph under construction: `op` adds a node and gives its first output, which has the node's name. */
function sketch(): {
  readonly edit: GraphEditor;
  input(name: string, shape?: readonly number[]): Value;
  constant(name: string, values: readonly number[], shape?: readonly number[]): Value;
  op(op: string, name: string, ...inputs: readonly Value[]): Value;
} {
  const edit = new GraphEditor(ops, "g");
  return {
    edit,
    input: (name, shape = [4, 4]) => edit.addInput(name, { dtype: "f32", shape }),
    constant: (name, values, shape = [values.length]) => edit.addConstant(name, f32Tensor(values, shape)),
    op: (op, name, ...inputs) => edit.insert(op, inputs, {}, { name, outputs: [name] })[0] as Value,
  };
}

async function planOf(graph: Graph, preset: string): Promise<Plan> {
  return planGraph(graph, await parseRecipe(`version: 1\nextends: preset:${preset}`, { file: "r.yaml" }), { ops });
}

const kept = ({ keptValues }: Plan): readonly string[] => keptValues.map(({ value, reason }) => `${value.name}: ${reason}`);
/** Values that become integers, at their definition or before a reader. */
const quantized = ({ groups }: Plan): readonly string[] =>
  groups.flatMap(({ values, splits }) => [
    ...values.map(({ name }) => name),
    ...splits.map(({ value, edges }) => `${value.name}>${edges.map(({ node }) => node?.name).join("&")}`),
  ]);

const ones = (count: number): number[] => Array.from({ length: count }, () => 1);

/** x → Q → DQ → Reshape → MatMul with a weight behind DQ → Relu → Q → DQ → MatMul with a float weight. */
function qdqGraph(): Graph {
  const { edit, input, constant, op } = sketch();
  const scale = constant("s", [0.1], []);
  const x = input("x");
  const dq = op("DequantizeLinear", "x_dq", op("QuantizeLinear", "x_q", x, scale), scale);
  const weight = op("DequantizeLinear", "w_dq", edit.addConstant("w_q", memoryTensor("i8", [4, 4], new Uint8Array(16))), scale);
  const product = op("MatMul", "product", op("Reshape", "shaped", dq), weight);
  const relu = op("Relu", "relu", product);
  const hidden = op("DequantizeLinear", "relu_dq", op("QuantizeLinear", "relu_q", relu, scale), scale);
  const last = op("MatMul", "last", hidden, constant("w", ones(16), [4, 4]));
  edit.addOutput(op("Add", "sum", last, relu));
  edit.settle();
  return edit.graph;
}

test.each(["int8", "int8-full"])("%s leaves what the model has in integers, and quantizes the rest", async (preset) => {
  const plan = await planOf(qdqGraph(), preset);
  expect(plan.weights.map(({ value }) => value.name)).toEqual(["w"]);
  expect(quantized(plan)).toEqual(preset === "int8" ? [] : ["relu>sum", "last", "sum"]);
  expect(kept(plan)).toEqual([
    ...["x_dq", "w_dq", "shaped", "relu_dq"].map((name) => `${name}: already quantized`),
    ...(preset === "int8" ? [] : ["relu: already quantized", "product: already quantized"]),
  ]);
  expect(plan.diagnostics).toMatchObject([{ code: "VX-QUANT-ALREADY-QUANTIZED", severity: "warning" }]);
});

test("scales and sums of integer products stay as they are", async () => {
  const { edit, input, constant, op } = sketch();
  const [, scale] = edit.insert("DynamicQuantizeLinear", [input("x")], {}, { name: "dyn", outputs: ["q", "scale", "zero"] });
  const sums = op("MatMulInteger", "sums", edit.graph.value("q")!, edit.addConstant("w_q", memoryTensor("i8", [4, 4], new Uint8Array(16))));
  const both = op("Mul", "both", scale!, constant("w_scale", [0.1]));
  edit.addOutput(op("Mul", "product", op("Cast", "cast", sums), both));
  edit.settle();
  const plan = await planOf(edit.graph, "int8-full");
  expect(quantized(plan)).toEqual(["product"]);
  expect(kept(plan)).toEqual(["scale: already quantized", "both: already quantized", "cast: already quantized"]);
});

const FUTURE = Number.NEGATIVE_INFINITY;

test.each([
  ["added to logits", 0, [FUTURE, 0, 0, 0], ["logits"]],
  ["of -1e4, added to logits", 0, [-10000, 0, 0, 0], ["logits"]],
  ["of -100, added to logits", 0, [-100, 0, 0, 0], ["logits"]],
  ["of an ordinary bias, added to logits", 0, [-8, 0, 0, 0], []],
] as const)("a mask %s", async (_, __, values, masked) => {
  const { edit, input, constant, op } = sketch();
  const scores = op("MatMul", "scores", input("x"), constant("w", ones(16), [4, 4]));
  edit.addOutput(op("Softmax", "softmax", op("Add", "logits", scores, constant("mask", values))));
  edit.settle();
  const plan = await planOf(edit.graph, "int8-full");
  expect(kept(plan)).toEqual(masked.map((name) => `${name}: mask`));
  expect(plan.biases.map(({ value }) => value.name)).toEqual(masked.length > 0 ? [] : ["mask"]);
  expect(plan.weights.map(({ value }) => value.name)).not.toContain("mask");
  expect(quantized(plan)).toEqual(masked.length > 0 ? ["x", "scores", "softmax"] : ["x", "logits", "softmax"]);
});

test("a large constant that goes on to no Softmax is a number like others", async () => {
  const { edit, input, constant, op } = sketch();
  edit.addOutput(op("Relu", "y", op("Mul", "scaled", input("x"), constant("c", [5000]))));
  edit.settle();
  expect(kept(await planOf(edit.graph, "int8-full"))).toEqual([]);
});

test("a factor of 100 before a Softmax scales cosines", async () => {
  const { edit, input, constant, op } = sketch();
  edit.addOutput(op("Softmax", "softmax", op("Mul", "scaled", input("x"), constant("c", [100]))));
  edit.settle();
  expect(kept(await planOf(edit.graph, "int8-full"))).toEqual([]);
});

test("a mask is followed through the operators that carry it, and ends where the largest element is taken", async () => {
  const { edit, input, constant, op } = sketch();
  const padded = op("Concat", "padded", input("x"), constant("border", [FUTURE, FUTURE, FUTURE, FUTURE], [1, 4]));
  edit.addOutput(op("Relu", "y", op("MaxPool", "pooled", op("Reshape", "shaped", padded))));
  edit.settle();
  const plan = await planOf(edit.graph, "int8-full");
  expect(kept(plan)).toEqual(["padded: mask", "shaped: mask"]);
  expect(quantized(plan)).toEqual(["x", "pooled", "y"]);
});

test("a graph input that is added to logits is a mask; one that a Softmax reads is data", async () => {
  const { edit, input, constant, op } = sketch();
  const scores = op("MatMul", "scores", input("x"), constant("w", ones(16), [4, 4]));
  edit.addOutput(op("Softmax", "softmax", op("Add", "logits", scores, op("Reshape", "shaped", input("mask")))));
  edit.addOutput(op("Softmax", "direct", input("data")));
  edit.settle();
  expect(kept(await planOf(edit.graph, "int8-full")).toSorted()).toEqual(["logits: mask", "mask: mask", "shaped: mask"]);
});

/** ids → Cast → Mul with frequencies → Concat: angles of rotary embeddings. */
function angles({ edit, constant, op }: ReturnType<typeof sketch>): Value {
  const ids = edit.addInput("ids", { dtype: "i64", shape: [4, 1] });
  const places = edit.insert("Cast", [ids], { to: 1 }, { name: "places", outputs: ["places"] })[0] as Value;
  const halves = op("Mul", "halves", places, constant("frequencies", [1, 0.01]));
  return edit.insert("Concat", [halves, halves], { axis: -1 }, { name: "angles", outputs: ["angles"] })[0] as Value;
}

test("angles that are computed from positions stay as they are; what is made of them is data", async () => {
  const graph = sketch();
  const { edit, input, op } = graph;
  edit.addOutput(op("Mul", "rotated", input("x"), op("Cos", "cosine", angles(graph))));
  edit.settle();
  const plan = await planOf(edit.graph, "int8-full");
  expect(kept(plan)).toEqual(["places: position", "halves: position", "angles: position"]);
  expect(plan.weights).toEqual([]);
  expect(quantized(plan)).toEqual(["x", "cosine", "rotated"]);
  expect(plan.diagnostics).toMatchObject([{ code: "VX-QUANT-POSITION", severity: "info" }]);
});

test("numbers that become indices stay as they are", async () => {
  const graph = sketch();
  const { edit, constant, op } = graph;
  const bucket = op("Log", "logarithm", op("Add", "shifted", angles(graph), constant("one", [1])));
  const indices = edit.insert("Cast", [bucket], { to: 7 }, { name: "indices", outputs: ["indices"] })[0] as Value;
  edit.addOutput(op("Gather", "looked", constant("table", ones(8), [4, 2]), indices));
  edit.settle();
  const plan = await planOf(edit.graph, "int8-full");
  expect(kept(plan)).toEqual(["places", "halves", "angles", "shifted", "logarithm"].map((name) => `${name}: position`));
});

test("positions that a product reads as well, and pictures of whole numbers, are data", async () => {
  const graph = sketch();
  const { edit, constant, op } = graph;
  const both = angles(graph);
  edit.addOutput(op("Sin", "sine", both));
  edit.addOutput(op("MatMul", "product", both, constant("w", ones(16), [4, 4])));
  const pixels = edit.addInput("pixels", { dtype: "u8", shape: [4, 4] });
  edit.addOutput(op("Sin", "wave", edit.insert("Cast", [pixels], { to: 1 }, { outputs: ["picture"] })[0] as Value));
  edit.settle();
  expect(kept(await planOf(edit.graph, "int8-full"))).toEqual([]);
});
