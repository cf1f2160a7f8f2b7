import { type Dim, GraphEditor, i64Tensor, type TensorType, type Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { standardOps } from "./registry.js";
import { boolTensor, tensorOf } from "./small-tensor.js";

/** A graph with one input, and helpers to add nodes and integer constants. */
function build(shape: readonly Dim[]) {
  const edit = new GraphEditor(standardOps(), "test");
  let constants = 0;
  const ints = (...values: number[]): Value => edit.addConstant(`c${constants++}`, i64Tensor(values));
  const scalar = (value: number): Value => edit.addConstant(`c${constants++}`, i64Tensor([value], []));
  const node = (op: string, inputs: readonly (Value | null)[], attrs = {}): Value => edit.insert(op, inputs, attrs)[0] as Value;
  return { edit, ints, scalar, node, x: edit.addInput("x", { dtype: "f32", shape }) };
}

const shapeOf = (value: Value): TensorType["shape"] => value.type.shape;

test("a reshape of heads keeps the symbols: [batch, seq, 768] to [batch, seq, 12, 64] and back", () => {
  const { node, ints, scalar, x } = build(["batch", "seq", 768]);
  const extents = node("Shape", [x]);
  const part = (index: number): Value => node("Unsqueeze", [node("Gather", [extents, scalar(index)], { axis: 0 }), ints(0)]);
  const heads = node("Reshape", [x, node("Concat", [part(0), part(1), ints(12), ints(-1)], { axis: 0 })]);
  expect(shapeOf(heads)).toEqual(["batch", "seq", 12, 64]);
  const moved = node("Transpose", [heads], { perm: [0, 2, 1, 3] });
  expect(shapeOf(moved)).toEqual(["batch", 12, "seq", 64]);
  const flat = node("Reshape", [node("Transpose", [moved], { perm: [0, 2, 1, 3] }), ints(0, 0, -1)]);
  expect(shapeOf(flat)).toEqual(["batch", "seq", 768]);
});

test("a key-value cache grows by the new tokens, and masks follow", () => {
  const { node, edit } = build([1]);
  const past = edit.addInput("past", { dtype: "f32", shape: ["batch", 2, "past", 64] });
  const fresh = edit.addInput("fresh", { dtype: "f32", shape: ["batch", 2, "seq", 64] });
  const key = node("Concat", [past, fresh], { axis: 2 });
  expect(shapeOf(key)).toEqual(["batch", 2, "past+seq", 64]);
  const query = edit.addInput("query", { dtype: "f32", shape: ["batch", 2, "seq", 64] });
  const scores = node("MatMul", [query, node("Transpose", [key], { perm: [0, 1, 3, 2] })]);
  expect(shapeOf(scores)).toEqual(["batch", 2, "seq", "past+seq"]);
});

test("arithmetic on extents is carried through Mul, Div, Sub, Add, Slice and Squeeze", () => {
  const { node, ints, scalar, x } = build(["batch", 3, "h", "w"]);
  const extents = node("Shape", [x]);
  const height = node("Squeeze", [node("Slice", [extents, ints(2), ints(3)]), ints(0)]);
  const patches = node("Div", [node("Add", [node("Mul", [height, scalar(4)]), scalar(4)]), scalar(2)]);
  expect(patches.elements).toEqual(["2*h+2"]);
  expect(node("Sub", [patches, height]).elements).toEqual(["h+2"]);
  expect(node("Cast", [patches], { to: 6 }).elements).toEqual(["2*h+2"]);
  expect(node("Cast", [patches], { to: 1 }).elements).toBeUndefined();
  expect(shapeOf(node("Range", [scalar(0), height, scalar(1)]))).toEqual(["h"]);
});

test("elements repeated no times are none", () => {
  const { node, ints } = build([1]);
  const none = node("Expand", [ints(7), ints(0)]);
  expect([none.type.shape, none.elements ?? []]).toEqual([[0], []]);
  expect(node("Expand", [ints(7), ints(2)]).elements).toEqual([7, 7]);
});

test("the expand idiom of exporters (Where(Equal(shape, −1), 1, shape)) is seen through", () => {
  const { node, ints, x } = build(["batch", 1, 8]);
  const target = node("Concat", [node("Gather", [node("Shape", [x]), ints(0)], { axis: 0 }), ints(5, -1)], { axis: 0 });
  const ones = node("ConstantOfShape", [ints(3)], { value: i64Tensor([1]) });
  const chosen = node("Where", [node("Equal", [target, node("Mul", [ones, ints(-1)])]), ones, target]);
  expect(chosen.elements).toEqual(["batch", 5, 1]);
  expect(shapeOf(node("Expand", [x, chosen]))).toEqual(["batch", 5, 8]);
});

test("Shape takes negative bounds, Size multiplies", () => {
  const { node, x } = build(["batch", 3, "w"]);
  expect(node("Shape", [x], { start: -2 }).elements).toEqual([3, "w"]);
  expect(node("Shape", [x], { end: -1 }).elements).toEqual(["batch", 3]);
  expect(node("ReduceProd", [node("Shape", [x]), null], { keepdims: 0 }).elements).toEqual(["3*batch*w"]);
  expect(node("Size", [x]).elements).toEqual(["3*batch*w"]);
});

test("an integer beyond the safe range is never passed on as a number", () => {
  const { node, edit } = build([1]);
  const bytes = new Uint8Array(BigInt64Array.of(2n ** 63n - 1n).buffer);
  const huge = edit.addConstant("huge", { ...i64Tensor([0]), bytes: (begin, end) => bytes.subarray(begin, end) });
  expect(node("Identity", [huge]).elements).toBeUndefined();
});

test("slices of symbolic extents: from a start, without the last, one element, up to a symbol", () => {
  const { node, ints, edit } = build([1]);
  const y = edit.addInput("y", { dtype: "f32", shape: ["seq", 4] });
  const far = 2 ** 40;
  expect(shapeOf(node("Slice", [y, ints(1), ints(far)]))).toEqual(["seq-1", 4]);
  expect(shapeOf(node("Slice", [y, ints(0), ints(-2)]))).toEqual(["seq-2", 4]);
  expect(shapeOf(node("Slice", [y, ints(0), ints(1)]))).toEqual([1, 4]);
  expect(shapeOf(node("Slice", [y, ints(-1), ints(far)]))).toEqual([1, 4]);
  expect(shapeOf(node("Slice", [y, ints(0), ints(512)]))?.[0]).toMatch(/^\?/);
  expect(shapeOf(node("Slice", [y, ints(0), ints(far), ints(0), ints(2)]))).toEqual(["floor((seq+1)/2)", 4]);
  const table = edit.addConstant(
    "table",
    tensorOf(
      "f32",
      [64, 2],
      Array.from({ length: 128 }, () => 0),
    ),
  );
  const length = node("Gather", [node("Shape", [y]), ints(0)], { axis: 0 });
  expect(shapeOf(node("Slice", [table, ints(0), length, ints(0)]))).toEqual(["seq", 2]);
});

test("convolutions and pools of symbolic images", () => {
  const { node, edit, x } = build(["batch", 3, "h", "w"]);
  const weight = edit.addConstant(
    "w7",
    tensorOf(
      "f32",
      [8, 3, 7, 7],
      Array.from({ length: 1176 }, () => 0),
    ),
  );
  const stem = node("Conv", [x, weight], { strides: [2, 2], pads: [3, 3, 3, 3] });
  expect(shapeOf(stem)).toEqual(["batch", 8, "floor((h+1)/2)", "floor((w+1)/2)"]);
  expect(shapeOf(node("MaxPool", [stem], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }))).toEqual([
    "batch",
    8,
    "floor((h+3)/4)",
    "floor((w+3)/4)",
  ]);
  expect(shapeOf(node("GlobalAveragePool", [stem]))).toEqual(["batch", 8, 1, 1]);
  const patch = edit.addConstant(
    "w16",
    tensorOf(
      "f32",
      [4, 3, 16, 16],
      Array.from({ length: 3072 }, () => 0),
    ),
  );
  expect(shapeOf(node("Conv", [x, patch], { strides: [16, 16] }))).toEqual(["batch", 4, "floor(h/16)", "floor(w/16)"]);
});

test("broadcasting: a number beats a symbol, equal symbols stay, different ones give a new one", () => {
  const { node, edit } = build([1]);
  const input = (name: string, ...shape: Dim[]): Value => edit.addInput(name, { dtype: "f32", shape });
  expect(shapeOf(node("Add", [input("a", "n", 5), input("b", "n", 1)]))).toEqual(["n", 5]);
  expect(shapeOf(node("Add", [input("c", "n", "m"), input("d", 4, 1)]))).toEqual([4, "m"]);
  expect(shapeOf(node("Add", [input("e", "n"), input("f", "m")]))?.[0]).toMatch(/^\?/);
});

test("a condition that is a constant chooses among elements", () => {
  const { node, ints, edit } = build([1]);
  const condition = edit.addConstant("cond", boolTensor([2], [1, 0]));
  expect(node("Where", [condition, ints(1, 2), ints(3, 4)]).elements).toEqual([1, 4]);
});

test("unknown ranks stay unknown, but what is certain is told", () => {
  const { node, ints, edit } = build([1]);
  const u = edit.addInput("u", { dtype: "f32", shape: undefined });
  expect(shapeOf(node("Relu", [u]))).toBeUndefined();
  expect(shapeOf(node("Shape", [u]))?.length).toBe(1);
  expect(shapeOf(node("Reshape", [u, ints(2, -1)]))?.[0]).toBe(2);
  expect(shapeOf(node("Flatten", [u]))?.length).toBe(2);
  expect(shapeOf(node("GlobalAveragePool", [u]))).toBeUndefined();
});
