import { boolTensor } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { builder, type Builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";
import { removeIdentity } from "./remove-identity.js";
import type { Value } from "@vlm-export/ir";

const engine = onEngine();

/** Abs around what `inner` makes, of an input of that shape. */
function wrapped(shape: readonly (number | string)[], inner: (b: Builder, x: Value) => Value) {
  const b = builder();
  return b.finish(b.op("Abs", [inner(b, b.op("Neg", [b.input("x", shape)]))]));
}

const GONE: readonly (readonly [string, (b: Builder, x: Value) => Value])[] = [
  ["Identity", (b, x) => b.op("Identity", [x])],
  ["Cast to the same type", (b, x) => b.op("Cast", [x], { to: 1 })],
  ["Dropout", (b, x) => b.op("Dropout", [x])],
  ["Dropout with training off", (b, x) => b.op("Dropout", [x, 0.5, b.edit.addConstant("off", boolTensor([], [false]))])],
  ["Reshape to the same shape", (b, x) => b.op("Reshape", [x, b.ints(0, 3, -1)])],
  ["Expand to the same shape", (b, x) => b.op("Expand", [x, b.ints(1, 3, 1)])],
  ["Tile once", (b, x) => b.op("Tile", [x, b.ints(1, 1, 1)])],
  ["Slice of everything", (b, x) => b.op("Slice", [x, b.ints(0), b.ints(100), b.ints(2), b.ints(1)])],
  ["Transpose of nothing", (b, x) => b.op("Transpose", [x], { perm: [0, 1, 2] })],
  ["Concat of one", (b, x) => b.op("Concat", [x], { axis: 0 })],
];

test.each(GONE)("%s goes", async (_, inner) => {
  await engine.expectSame(wrapped(["batch", 3, 4], inner), removeIdentity, ["Neg", "Abs"]);
});

const KEPT: readonly (readonly [string, (b: Builder, x: Value) => Value])[] = [
  ["Reshape", (b, x) => b.op("Reshape", [x, b.ints(3, 4, 3)])],
  ["Transpose", (b, x) => b.op("Transpose", [x], { perm: [0, 2, 1] })],
  ["Transpose", (b, x) => b.op("Transpose", [x])],
  ["Slice", (b, x) => b.op("Slice", [x, b.ints(-1), b.ints(-100), b.ints(2), b.ints(-1)])],
  ["Cast", (b, x) => b.op("Cast", [x], { to: 6 })],
  ["Concat", (b, x) => b.op("Concat", [x, x], { axis: 0 })],
];

test.each(KEPT)("%s that changes something stays", (op, inner) => {
  expect(opsOf(rewrite(wrapped([3, 3, 4], inner), removeIdentity))).toEqual(["Neg", op, "Abs"]);
});

test("a Reshape to extents without a name stays, whatever they are", () => {
  const graph = wrapped(["batch", 4], (b, x) => b.op("Reshape", [x, b.input("shape", [2], "i64")]));
  expect(opsOf(rewrite(graph, removeIdentity))).toEqual(["Neg", "Reshape", "Abs"]);
});

test("Dropout stays when its mask is read or given out", () => {
  const b = builder();
  const [y, mask] = b.ops("Dropout", [b.input("x", [2])], {}, 2) as [Value, Value];
  expect(opsOf(rewrite(b.finish(b.op("Abs", [y]), mask), removeIdentity))).toEqual(["Dropout", "Abs"]);
});

test("Dropout stays when training is on or not known", () => {
  const graph = wrapped([2], (b, x) => b.op("Dropout", [x, 0.5, b.input("training", [], "bool")]));
  expect(opsOf(rewrite(graph, removeIdentity))).toEqual(["Neg", "Dropout", "Abs"]);
});

test("outputs keep their names: a result takes the name over, inputs and outputs get an Identity", async () => {
  const b = builder();
  const x = b.input("x", [2]);
  const abs = b.op("Abs", [x]);
  const graph = b.finish(b.op("Identity", [abs]), b.op("Identity", [x]));
  const after = await engine.expectSame(graph, removeIdentity, ["Abs", "Identity"]);
  expect(after.outputs.map(({ name, producer }) => [name, producer?.op])).toEqual([
    ["y", "Abs"],
    ["y1", "Identity"],
  ]);
});

test("two outputs of the same value keep both names", async () => {
  const b = builder();
  const abs = b.op("Abs", [b.input("x", [2])]);
  await engine.expectSame(b.finish(abs, b.op("Identity", [abs])), removeIdentity, ["Abs", "Identity"]);
});
