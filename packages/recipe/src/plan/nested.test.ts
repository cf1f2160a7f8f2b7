import { f32Tensor, type Graph, GraphEditor } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { describePlan, parseRecipe, type Plan, planGraph, planToJson } from "../index.js";
import { ops } from "./ops.fixture.js";

const matrix = f32Tensor(new Float32Array(1024), [32, 32]);
const WEIGHTS = "  - match: { op: MatMul }\n    weights: { dtype: int8, granularity: channel, symmetric: true }\n";

/** A condition whose body multiplies x with `w`, `own` and, where `angles` are asked for, an angle with `inverse` from outside. */
function conditional({ angles = false } = {}): Graph {
  const edit = new GraphEditor(ops, "g");
  const outside = [
    edit.addInput("x", { dtype: "f32", shape: [4, 32] }),
    edit.addConstant("w", matrix),
    edit.addInput("ids", { dtype: "i64", shape: [4, 32] }),
    edit.addConstant("inverse", matrix),
  ];
  const body = new GraphEditor(ops, "body");
  const [x, w, ids, inverse] = outside.map(({ name, type: { dtype } }) => body.addCapture(name, { dtype, shape: undefined }));
  const [first] = body.insert("MatMul", [x!, w!], {}, { name: "first" });
  body.addOutput(body.insert("MatMul", [first!, body.addConstant("own", matrix)], {}, { name: "second" })[0]!);
  if (angles) {
    const [whole] = body.insert("Cast", [ids!], { to: 1 });
    const [angle] = body.insert("MatMul", [whole!, inverse!], {}, { name: "angles" });
    body.addOutput(body.insert("Cos", [angle!])[0]!);
  }
  const captures = new Map(outside.map((value) => [value.name, value]));
  const attrs = { then_branch: { kind: "graph", graph: body.graph } } as const;
  edit.addOutput(edit.insert("If", [edit.addInput("c", { dtype: "bool", shape: [] })], attrs, { name: "if", captures })[0]!);
  return edit.graph;
}

async function planned(rules: string, graph = conditional()): Promise<Plan> {
  return planGraph(graph, await parseRecipe(`version: 1\nrules:\n${rules}`, { file: "r.yaml" }), { ops });
}

const names = ({ weights }: Plan): readonly string[] => weights.map(({ name }) => name);

test("weights of nodes inside operators are decided by the rules, with the line that did", async () => {
  const plan = await planned(WEIGHTS);
  expect(plan.weights.map(({ name, decidedBy, edges }) => [name, decidedBy.line, edges.map(({ within }) => within?.path)])).toEqual([
    ["w", 3, ["if/then_branch/"]],
    ["if/then_branch/own", 3, ["if/then_branch/"]],
  ]);
  expect(plan.diagnostics).toEqual([]);
  expect(describePlan(plan)).toMatch(/if\/then_branch\/own +\[32, 32\] +if\/then_branch\/second +int8 per channel, axis 1/);
  expect(planToJson(plan)).toMatchObject({
    weights: [{ value: "w", edges: [{ node: "if/then_branch/first", index: 1 }] }, { value: "if/then_branch/own" }],
    nodes: [
      { name: "if", quantized: false },
      { name: "if/then_branch/first", quantized: true },
      { name: "if/then_branch/second", quantized: true },
    ],
  });
});

test.each([
  ["node", "second"],
  ["node with its path", "if/then_branch/second"],
  ["weight", "own"],
  ["weight with its path", "if/*/own"],
])("keep reaches a node inside an operator by the name of the %s", async (_, name) => {
  const plan = await planned(`${WEIGHTS}  - match: { name: "${name}" }\n    keep: float\n`);
  expect(names(plan)).toEqual(["w"]);
  expect(plan.diagnostics).toEqual([]);
  expect(describePlan(plan)).toMatch(/if\/then_branch\/second +MatMul +kept in float +r.yaml:5/);
  expect(planToJson(plan)).toMatchObject({ keeps: [{ node: "if/then_branch/second", dtype: "float" }] });
});

test("keep: float16 holds inside operators, with a note that nothing is observed there", async () => {
  const plan = await planned('  - match: { name: "*" }\n    keep: float16\n');
  expect(plan.keeps.map(({ node, dtype, within }) => [node.name, dtype, within?.path])).toEqual([
    ["first", "f16", "if/then_branch/"],
    ["second", "f16", "if/then_branch/"],
  ]);
  expect(plan.diagnostics.map(({ code, message, where }) => [code, message, where.line])).toEqual([
    ["VX-QUANT-NESTED-HALF", expect.stringContaining("2 nodes inside If compute in float16"), 3],
  ]);
});

test("a name that no node inside has is an error that knows those that are near", async () => {
  await expect(planned(`${WEIGHTS}  - match: { name: secund }\n    keep: float\n`)).rejects.toMatchObject({
    diagnostics: [{ code: "VX-RECIPE-NO-MATCH", hint: expect.stringContaining('Did you mean "second"?') }],
  });
});

test("activations inside operators stay floats, which is said", async () => {
  const plan = await planned(`${WEIGHTS}    activations: { dtype: int8, granularity: tensor, symmetric: false, mode: static }\n`);
  expect([names(plan), plan.groups]).toEqual([["w", "if/then_branch/own"], []]);
  expect(plan.diagnostics.map(({ code, message }) => [code, message])).toContainEqual([
    "VX-QUANT-NESTED-FLOAT",
    expect.stringContaining("the activations of 2 nodes inside If stay floats"),
  ]);
});

test("angles inside operators are of positions as they are outside", async () => {
  expect(names(await planned(WEIGHTS, conditional({ angles: true })))).toEqual(["w", "if/then_branch/own"]);
});
