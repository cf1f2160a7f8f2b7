import { f32Tensor, type Graph, GraphEditor, type Value } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { maskInputs } from "./mask-inputs.js";

const ops = standardOps();

/** x and m, both f32[4, 4]; `build` makes the output from them. */
function graphOf(build: (edit: GraphEditor, x: Value, m: Value) => Value): Graph {
  const edit = new GraphEditor(ops, "main");
  const [x, m] = ["x", "m"].map((name) => edit.addInput(name, { dtype: "f32", shape: [4, 4] })) as [Value, Value];
  edit.addOutput(build(edit, x, m));
  edit.settle();
  return edit.graph;
}

const insert = (edit: GraphEditor, op: string, inputs: readonly Value[]): Value => edit.insert(op, inputs)[0] as Value;
const scalar = (edit: GraphEditor, value: number): Value => edit.addConstant(edit.freshName("c"), f32Tensor([value], []));
const namesOf = (graph: Graph): readonly string[] => [...maskInputs(graph)].map(({ name }) => name);

test("an input that is added to scores is a mask, also behind operators that hand it on", () => {
  const graph = graphOf((edit, x, m) => {
    const scores = insert(edit, "MatMul", [x, x]);
    const once = insert(edit, "Add", [scores, m]);
    const moved = insert(edit, "Transpose", [insert(edit, "Mul", [m, scalar(edit, 2)])]);
    return insert(edit, "Softmax", [insert(edit, "Add", [once, moved])]);
  });
  expect(namesOf(graph)).toEqual(["m"]);
});

test("an input that anything else reads is none", () => {
  for (const reader of ["Sigmoid", "Softmax"])
    expect(
      namesOf(
        graphOf((edit, x, m) => insert(edit, "Add", [insert(edit, "Add", [insert(edit, "MatMul", [x, x]), m]), insert(edit, reader, [m])])),
      ),
    ).toEqual([]);
  expect(namesOf(graphOf((edit, x, m) => insert(edit, "MatMul", [x, m])))).toEqual([]);
});

test("an input that is an output as well, or that nothing reads, is none", () => {
  expect(namesOf(graphOf((_edit, _x, m) => m))).toEqual([]);
  expect(namesOf(graphOf((edit, x) => insert(edit, "Relu", [x])))).toEqual([]);
});

test("what is added to an input alone is none: nothing is masked there", () => {
  expect(namesOf(graphOf((edit, x, m) => insert(edit, "MatMul", [insert(edit, "Add", [x, m]), x])))).toEqual([]);
});
