import { expect, test } from "vitest";
import { foldConstants } from "./fold-constants.js";
import { builder, ops } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();

test("arithmetic on constants becomes one constant", async () => {
  const b = builder();
  const x = b.input("x", [2, 3]);
  const weight = b.op("Transpose", [b.op("Add", [b.random(4, 3), 0.5])], { perm: [1, 0] });
  const after = await engine.expectSame(b.finish(b.op("MatMul", [x, weight])), foldConstants, ["MatMul"]);
  expect(after.constants.map(({ type }) => type.shape)).toEqual([[3, 4]]);
});

test("shape arithmetic folds when no symbol is left in it, and stays when one is", async () => {
  const flatten = (...shape: readonly (number | string)[]) => {
    const b = builder();
    const x = b.input("x", shape);
    const target = b.op("Concat", [b.op("Slice", [b.op("Shape", [x]), b.ints(0), b.ints(1)]), b.ints(-1)], { axis: 0 });
    return b.finish(b.op("Reshape", [x, target]));
  };
  await engine.expectSame(flatten(2, 3, 4), foldConstants, ["Reshape"]);
  await engine.expectSame(flatten("batch", 3, 4), foldConstants, ["Shape", "Slice", "Concat", "Reshape"]);
});

test("one known extent of a symbolic shape folds", async () => {
  const b = builder();
  const x = b.input("x", ["batch", 3, 4]);
  const channels = b.op("Gather", [b.op("Shape", [x]), b.ints(1)], { axis: 0 });
  const target = b.op("Concat", [b.ints(-1), channels], { axis: 0 });
  await engine.expectSame(b.finish(b.op("Reshape", [x, target])), foldConstants, ["Reshape"]);
});

test("what would grow by more than a mebibyte stays an operator", () => {
  const expand = (...shape: readonly number[]) => {
    const b = builder();
    return rewrite(b.finish(b.op("Add", [b.input("x", [1]), b.op("Expand", [b.random(1), b.ints(...shape)])])), foldConstants);
  };
  expect(opsOf(expand(512, 512))).toEqual(["Add"]);
  expect(opsOf(expand(512, 513))).toEqual(["Expand", "Add"]);
});

test("a product that is long to compute in plain code stays", () => {
  const b = builder();
  const product = b.op("MatMul", [b.random(500, 500), b.random(500, 500)]);
  expect(opsOf(rewrite(b.finish(b.op("Add", [b.input("x", [1]), product])), foldConstants))).toEqual(["MatMul", "Add"]);
});

test("integers behind DequantizeLinear stay the model's own", () => {
  const b = builder();
  const weight = b.op("DequantizeLinear", [b.constant([1, -2], [2], "i8"), b.constant([0.5], [])]);
  expect(opsOf(rewrite(b.finish(b.op("Mul", [b.input("x", [2]), weight])), foldConstants))).toEqual(["DequantizeLinear", "Mul"]);
});

test("a folded graph output keeps its name", async () => {
  const b = builder();
  const x = b.input("x", [2]);
  const after = await engine.expectSame(b.finish(b.op("Neg", [b.random(2)]), b.op("Abs", [x])), foldConstants, ["Abs", "Identity"]);
  expect(after.outputs.map(({ name }) => name)).toEqual(["y", "y1"]);
  expect(opsOf(rewrite(after, foldConstants))).toEqual(["Abs", "Identity"]);
});

test("a node that reference evaluation refuses is left to the engine", () => {
  const b = builder();
  const out = b.op("Gather", [b.random(2), b.ints(5)]);
  expect(opsOf(rewrite(b.finish(out), foldConstants))).toEqual(["Gather"]);
});

test("BatchNormalization in training mode on a weight becomes the standardized weight", async () => {
  const b = builder();
  const [x, flat] = [b.input("x", [1, 3, 4, 4]), b.random(1, 5, 27)];
  const statistics = [b.constant([1, 2, 3, 4, 5], [5]), b.constant([0, 0, 0, 0, 0], [5]), b.random(5), b.constant([1, 1, 1, 1, 1], [5])];
  const standard = b.op("BatchNormalization", [flat, ...statistics], { training_mode: 1, momentum: 1 }, 3);
  const weight = b.op("Reshape", [standard, b.ints(5, 3, 3, 3)]);
  const after = await engine.expectSame(b.finish(b.op("Conv", [x, weight])), foldConstants, ["Conv"]);
  expect(after.constants.map(({ type }) => type.shape)).toEqual([[5, 3, 3, 3]]);
});

test("of a chain of constants only the last is held, before dead nodes are removed", () => {
  const b = builder();
  const chain = b.op("Mul", [b.op("Sub", [b.op("Transpose", [b.random(4, 3)], { perm: [1, 0] }), 0.5]), 2]);
  const graph = b.finish(b.op("MatMul", [b.input("x", [2, 3]), chain]));
  foldConstants.run(b.edit, { ops, report: () => undefined });
  expect([opsOf(graph), graph.constants.map(({ type }) => type.shape)]).toEqual([["MatMul"], [[3, 4]]]);
});
