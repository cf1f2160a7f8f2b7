import { type Graph, GraphEditor, i64Tensor, type TensorType, type Value } from "@vlm-export/ir";
import { boolTensor } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { foldConstants } from "./fold-constants.js";
import { builder, ops } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";
import { takeBranches } from "./take-branches.js";

const engine = onEngine();
const TYPE: TensorType = { dtype: "f32", shape: [2, 4] };

/** A branch that computes op(x) for its capture `x`. */
function branch(op: string): Graph {
  const edit = new GraphEditor(ops, op);
  edit.addOutput(edit.insert(op, [edit.addCapture("x", { dtype: "f32", shape: ["n", 4] })], {}, { outputs: ["inside"] })[0] as Value);
  return edit.graph;
}

const choice = (then: Graph, otherwise: Graph) => ({
  then_branch: { kind: "graph" as const, graph: then },
  else_branch: { kind: "graph" as const, graph: otherwise },
});

/** If on the condition, whose result is rectified. */
function chosen(conditionOf: (b: ReturnType<typeof builder>, x: Value) => Value, then = branch("Neg")): Graph {
  const b = builder();
  const x = b.input("x", [2, 4]);
  const [result] = b.edit.insert("If", [conditionOf(b, x)], choice(then, branch("Abs")), {
    outputs: ["chosen"],
    types: [TYPE],
    captures: new Map([["x", x]]),
  });
  return b.finish(b.op("Relu", [result as Value]));
}

const constant = (value: boolean) => (b: ReturnType<typeof builder>) => b.edit.addConstant("c", boolTensor([], [value]));

test.each([
  [true, "Neg"],
  [false, "Abs"],
])("of If on %s, the nodes of its branch stay", async (condition, op) => {
  await engine.expectSame(chosen(constant(condition)), takeBranches, [op, "Relu"]);
});

test("a condition on extents that are known is a constant once it is folded", async () => {
  const graph = chosen((b, x) => b.op("Greater", [b.op("Size", [x]), b.edit.addConstant("k", i64Tensor([7], []))]));
  await engine.expectSame(graph, [foldConstants, takeBranches], ["Neg", "Relu"]);
});

test("a branch inside a branch, whose condition is a constant there, is taken too", async () => {
  const edit = new GraphEditor(ops, "outer");
  const x = edit.addCapture("x", TYPE);
  const flag = edit.addConstant("flag", boolTensor([1], [false]));
  const inner = edit.insert("If", [edit.insert("Not", [flag])[0] as Value], choice(branch("Exp"), branch("Abs")), {
    outputs: ["nested"],
    types: [TYPE],
    captures: new Map([["x", x]]),
  });
  edit.addOutput(inner[0] as Value);
  await engine.expectSame(chosen(constant(true), edit.graph), takeBranches, ["Exp", "Relu"]);
});

test("If stays when its condition is computed from inputs", () => {
  const graph = chosen((b, x) => b.op("Greater", [b.op("ReduceMax", [x], { keepdims: 0 }), 0]));
  expect(opsOf(rewrite(graph, takeBranches))).toEqual(["ReduceMax", "Greater", "If", "Relu"]);
});
