import { f32Tensor, type Graph, GraphEditor } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { parseRecipe, planGraph, type PlanSummary } from "../index.js";
import { ops } from "./ops.fixture.js";

const square = (extent: number): ReturnType<typeof f32Tensor> => f32Tensor(new Float32Array(extent * extent), [extent, extent]);

async function summaryOf(graph: Graph): Promise<PlanSummary> {
  const recipe = await parseRecipe("version: 1\nextends: preset:weights-int8", { file: "r.yaml" });
  return planGraph(graph, recipe, { ops }).summary;
}

/** A branch that multiplies with a 32 × 32 constant of its own, and holds `inner` in a condition of its own. */
function branch(inner?: Graph): Graph {
  const edit = new GraphEditor(ops, "branch");
  const x = edit.addCapture("x", { dtype: "f32", shape: [4, 32] });
  const [y] = edit.insert("MatMul", [x, edit.addConstant("own", square(32))]);
  if (inner) edit.insert("If", [edit.addCapture("c", { dtype: "bool", shape: [] })], { then_branch: { kind: "graph", graph: inner } });
  edit.addOutput(y!);
  return edit.graph;
}

test("constants inside the bodies of operators, at any depth, count like others", async () => {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [4, 32] });
  const [y] = edit.insert("MatMul", [x, edit.addConstant("w", square(32))]);
  const captures = new Map([["x", x]]);
  const condition = edit.addInput("c", { dtype: "bool", shape: [] });
  edit.insert("If", [condition], { then_branch: { kind: "graph", graph: branch(branch()) } }, { captures });
  edit.addOutput(y!);
  expect(await summaryOf(edit.graph)).toMatchObject({
    parameters: 3 * 1024,
    nodes: 5,
    quantizedNodes: 3,
    quantizedParameters: 3 * 1024,
    bytesBefore: 3 * 4096,
    bytesAfter: 3 * (1024 + 32 * 4),
  });
});

test("a weight that a nested graph gives out too is stored in both forms", async () => {
  const edit = new GraphEditor(ops, "g");
  const weight = edit.addConstant("w", square(32));
  const [y] = edit.insert("MatMul", [edit.addInput("x", { dtype: "f32", shape: [4, 32] }), weight]);
  const inner = new GraphEditor(ops, "inner");
  inner.addOutput(inner.addCapture("outer", weight.type));
  const nested = { then_branch: { kind: "graph", graph: inner.graph } } as const;
  edit.insert("If", [edit.addInput("c", { dtype: "bool", shape: [] })], nested, { captures: new Map([["outer", weight]]) });
  edit.addOutput(y!);
  expect(await summaryOf(edit.graph)).toMatchObject({ bytesBefore: 4096, bytesAfter: 4096 + 1024 + 32 * 4 });
});
