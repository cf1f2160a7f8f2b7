import { f32Tensor, type Graph, GraphEditor, graphTree, parseGraph, printGraph, type Value } from "@vlm-export/ir";
import type { Plan } from "@vlm-export/recipe";
import { expect, test } from "vitest";
import { quantize } from "../quantize.js";
import { kernels, ops, planOf, random } from "../small-plans.fixture.js";

const INT8 = "  - match: { op: MatMul }\n    weights: { dtype: int8, granularity: channel, symmetric: true }\n";
const INT4 =
  "  - match: { op: MatMul }\n    weights: { dtype: int4, granularity: block, blockSize: 4, symmetric: true, scaleDtype: float16 }\n";

const matrix = (seed: number): ReturnType<typeof f32Tensor> => f32Tensor(random(64, seed), [8, 8]);

/** n = (x · shared) · own, with nodes `first` and `second`; `inner` stands in a Loop of it. */
function body(seed: number, inner?: Graph): Graph {
  const edit = new GraphEditor(ops, "body");
  const seen = [edit.addCapture("x", { dtype: "f32", shape: [2, 8] }), edit.addCapture("shared", { dtype: "f32", shape: undefined })];
  const [first] = edit.insert("MatMul", seen, {}, { name: "first" });
  const [n] = edit.insert("MatMul", [first!, edit.addConstant("own", matrix(seed))], {}, { name: "second", outputs: ["n"] });
  const captures = new Map(seen.map((value) => [value.name, value]));
  if (inner) edit.insert("Loop", [null, null], { body: { kind: "graph", graph: inner } }, { name: "loop", outputs: ["l"], captures });
  edit.addOutput(n!);
  return edit.graph;
}

/** y = x · shared, and an If with two bodies that read `shared` too. */
function merged(inner?: Graph): Graph {
  const edit = new GraphEditor(ops, "main");
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 8] });
  const shared = edit.addConstant("shared", matrix(1), undefined, "head.weight");
  edit.addOutput(edit.insert("MatMul", [x, shared], {}, { name: "outer", outputs: ["y"] })[0]!);
  const bodies = { then_branch: { kind: "graph", graph: body(2, inner) }, else_branch: { kind: "graph", graph: body(3) } } as const;
  const captures = new Map([
    ["x", x],
    ["shared", shared],
  ]);
  edit.addOutput(
    edit.insert("If", [edit.addInput("c", { dtype: "bool", shape: [] })], bodies, { name: "if", outputs: ["z"], captures })[0]!,
  );
  edit.settle();
  return edit.graph;
}

async function quantized(plan: Plan): Promise<Graph> {
  const before = printGraph(plan.graph);
  const { graph } = await quantize(plan, undefined, { ops, kernels });
  expect(printGraph(plan.graph)).toBe(before);
  expect(printGraph(parseGraph(printGraph(graph), { ops }))).toBe(printGraph(graph));
  return graph;
}

/** By path of the node: the storage of its second operand, and the name of the constant that it stands for. */
function weightsOf(graph: Graph): Record<string, string> {
  const { places, sourceOf } = graphTree(graph);
  const read = places.flatMap(({ graph: { nodes }, path }) =>
    nodes
      .filter(({ op }) => op === "MatMul")
      .map(({ name, inputs }) => {
        const value = inputs[1] as Value;
        expect(value.type.quant).toBe(sourceOf(value).type.quant);
        return [path + name, `${sourceOf(value).name} ${value.type.quant?.storage ?? "float"}`];
      }),
  );
  return Object.fromEntries(read);
}

const namesIn = (graph: Graph): readonly string[] =>
  graphTree(graph).places.flatMap(({ graph: { constants } }) => constants.map(({ name }) => name));

test.each([
  ["int8 per channel", INT8, "i8"],
  ["int4 in blocks", INT4, "i4"],
])("weights of graphs inside operators become constants of the outermost graph, stored once: %s", async (_, rules, storage) => {
  const plan = await planOf(merged(body(4)), rules);
  expect(plan.weights.map(({ name, edges }) => [name, edges.length])).toEqual([
    ["shared", 4],
    ["if/then_branch/own", 1],
    ["if/then_branch/loop/body/own", 1],
    ["if/else_branch/own", 1],
  ]);
  const graph = await quantized(plan);
  expect(namesIn(graph)).toEqual(["shared", "if/then_branch/own", "if/then_branch/loop/body/own", "if/else_branch/own"]);
  expect(weightsOf(graph)).toEqual({
    outer: `shared ${storage}`,
    "if/then_branch/first": `shared ${storage}`,
    "if/then_branch/second": `if/then_branch/own ${storage}`,
    "if/then_branch/loop/body/first": `shared ${storage}`,
    "if/then_branch/loop/body/second": `if/then_branch/loop/body/own ${storage}`,
    "if/else_branch/first": `shared ${storage}`,
    "if/else_branch/second": `if/else_branch/own ${storage}`,
  });
});

test("a weight that one graph keeps in float is there in both forms, and what nobody reads is gone", async () => {
  const rules = `${INT8}  - match: { name: "if/then_branch/*" }\n    keep: float\n`;
  const plan = await planOf(merged(), rules);
  const graph = await quantized(plan);
  expect(weightsOf(graph)).toEqual({
    outer: "shared_i8 i8",
    "if/then_branch/first": "shared float",
    "if/then_branch/second": "own float",
    "if/else_branch/first": "shared_i8 i8",
    "if/else_branch/second": "if/else_branch/own i8",
  });
  expect(namesIn(graph)).toEqual(["shared", "shared_i8", "if/else_branch/own", "own"]);
  expect([...(graph.nodes[1]?.captures.keys() ?? [])].sort()).toEqual(["if/else_branch/own", "shared", "shared_i8", "x"]);
  expect(plan.summary).toMatchObject({ quantizedParameters: 128, bytesAfter: 2 * 256 + 2 * (64 + 32) });
});

test("a weight that graphs read in two forms is two constants", async () => {
  const rules = `${INT8}  - match: { name: "if/else_branch/first" }\n    weights: { dtype: int4, granularity: channel, symmetric: true }\n`;
  expect(weightsOf(await quantized(await planOf(merged(), rules)))).toMatchObject({
    outer: "shared_i8 i8",
    "if/then_branch/first": "shared_i8 i8",
    "if/else_branch/first": "shared i4",
  });
});

test("weights of keep: float16 are stored once too, and there are no casts between the nodes", async () => {
  const graph = await quantized(await planOf(merged(body(4)), "  - match: { op: MatMul }\n    keep: float16\n"));
  const halves = graphTree(graph).places.flatMap((place) => place.graph.constants.map(({ name, type }) => [place.path + name, type.dtype]));
  expect(halves).toEqual([
    ["shared_f16", "f16"],
    ["if/then_branch/own_f16", "f16"],
    ["if/then_branch/loop/body/own_f16", "f16"],
    ["if/else_branch/own_f16", "f16"],
  ]);
  const { places, sourceOf } = graphTree(graph);
  expect(places.map((place) => place.graph.nodes.filter(({ op }) => op !== "Loop").map(({ op }) => op))).toEqual([
    ["If", "Cast", "MatMul", "Cast"],
    ...Array.from({ length: 3 }, () => ["Cast", "MatMul", "MatMul", "Cast"]),
  ]);
  const products = places.flatMap((place) => place.graph.nodes.filter(({ op }) => op === "MatMul"));
  expect(products.map(({ inputs }) => inputs.map((value) => sourceOf(value!).type.dtype))).toEqual(products.map(() => ["f16", "f16"]));
});

test("a weight of a body that float16 cannot hold keeps its node in float, with a warning", async () => {
  const graph = merged();
  const { places } = graphTree(graph);
  const own = places[1]!.graph.constants[0]!;
  new GraphEditor(ops, places[1]!.graph).setData(own, f32Tensor(random(64, 1, 1e6), [8, 8]), own.type);
  const plan = await planOf(graph, "  - match: { op: MatMul }\n    keep: float16\n");
  const { graph: result, diagnostics } = await quantize(plan, undefined, { ops, kernels });
  expect(diagnostics).toMatchObject([{ code: "VX-QUANT-F16-RANGE", where: { node: "if/then_branch/second", value: "own" } }]);
  expect(graphTree(result).places[1]!.graph.constants.map(({ name, type }) => [name, type.dtype])).toEqual([["own", "f32"]]);
});
