import type { Value } from "@vlm-export/ir";
import { i64Tensor } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { type Builder, builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";
import { scatterToConcat } from "./scatter-to-concat.js";

const engine = onEngine();

/** Rows of indices for a box: `begins` are its first place, `sizes` its extents. */
function boxIndices(b: Builder, begins: readonly number[], sizes: readonly number[]): Value {
  const places = sizes.reduce<readonly (readonly number[])[]>(
    (rows, size, axis) => rows.flatMap((row) => Array.from({ length: size }, (_, k) => [...row, (begins[axis] ?? 0) + k])),
    [[]],
  );
  return b.edit.addConstant(b.edit.freshName("places"), i64Tensor(places.flat(), [...sizes, sizes.length]));
}

test.each(["f32", "f16"] as const)("leading rows by their number: the rest is kept behind them (%s)", async (dtype) => {
  const b = builder(dtype);
  const [x, updates] = [b.input("x", [4, "n", 3]), b.input("u", [2, "n", 3])];
  await engine.expectSame(b.finish(b.op("ScatterND", [x, boxIndices(b, [0], [2]), updates])), scatterToConcat, ["Slice", "Concat"]);
});

test("columns in the middle, every element by its place", async () => {
  const b = builder();
  const [x, updates] = [b.input("x", [1, 3, 5]), b.input("u", [1, 3, 2])];
  const graph = b.finish(b.op("ScatterND", [x, boxIndices(b, [0, 0, 2], [1, 3, 2]), updates]));
  await engine.expectSame(graph, scatterToConcat, ["Slice", "Slice", "Concat"]);
});

test("a window of two axes, counted from the end", async () => {
  const b = builder();
  const [x, updates] = [b.input("x", [4, 6]), b.input("u", [2, 3])];
  const graph = b.finish(b.op("ScatterND", [x, boxIndices(b, [-3, -6], [2, 3]), updates]));
  await engine.expectSame(graph, scatterToConcat, ["Slice", "Slice", "Concat", "Slice", "Slice", "Concat"]);
});

test("all places: the updates are the result", async () => {
  const b = builder();
  const [x, updates] = [b.input("x", [2, "n"]), b.input("u", [2, "n"])];
  const graph = b.finish(b.op("ScatterND", [b.op("Neg", [x]), boxIndices(b, [0], [2]), updates]));
  await engine.expectSame(graph, scatterToConcat, ["Identity"]);
});

test("one behind the other", async () => {
  const b = builder();
  const [x, updates] = [b.input("x", [4, 3]), b.input("u", [2, 3])];
  const first = b.op("ScatterND", [x, boxIndices(b, [0], [2]), updates]);
  const graph = b.finish(b.op("ScatterND", [first, boxIndices(b, [1], [2]), updates]));
  await engine.expectSame(graph, scatterToConcat, ["Slice", "Concat", "Slice", "Slice", "Concat"]);
});

const NEAR_MISSES: readonly (readonly [string, (b: Builder, x: Value, updates: Value) => Value])[] = [
  ["it adds", (b, x, updates) => b.op("ScatterND", [x, boxIndices(b, [0], [2]), updates], { reduction: "add" })],
  ["the order is another", (b, x, updates) => b.op("ScatterND", [x, rows(b, 1, 0), updates])],
  ["places lie apart", (b, x, updates) => b.op("ScatterND", [x, rows(b, 0, 2), updates])],
  ["the indices are computed", (b, x, updates) => b.op("ScatterND", [x, b.op("Neg", [rows(b, 0, -1)]), updates])],
  ["the extent has no number", (b, _, updates) => b.op("ScatterND", [b.input("s", ["n", 3]), boxIndices(b, [0], [2]), updates])],
];

const rows = (b: Builder, ...places: readonly number[]): Value =>
  b.edit.addConstant(b.edit.freshName("places"), i64Tensor(places, [places.length, 1]));

test.each(NEAR_MISSES)("nothing changes when %s", (_, make) => {
  const b = builder();
  const graph = b.finish(make(b, b.input("x", [4, 3]), b.input("u", [2, 3])));
  expect(opsOf(rewrite(graph, scatterToConcat))).toEqual(opsOf(graph));
});
