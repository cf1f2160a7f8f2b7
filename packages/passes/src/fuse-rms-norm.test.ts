import type { Graph, Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { fuseRmsNorm } from "./fuse-rms-norm.js";
import { builder, type Builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();
const F32 = 1;
const F16 = 10;
const cast = (b: Builder, x: Value, to: number): Value => b.op("Cast", [x], { to });

const meanSquare = (b: Builder, x: Value, axes: readonly number[] = [-1]): Value =>
  b.op("Add", [b.op("ReduceMean", [b.op("Pow", [x, 2]), b.ints(...axes)]), b.constant([1e-5], [], "f32")]);
const root = (b: Builder, x: Value, axes?: readonly number[]): Value => b.op("Sqrt", [meanSquare(b, x, axes)]);

const FORMS: readonly (readonly [string, (b: Builder, x: Value) => Value])[] = [
  ["Reciprocal", (b, x) => b.op("Mul", [b.random(8), b.op("Mul", [x, b.op("Reciprocal", [root(b, x)])])])],
  ["Div", (b, x) => b.op("Mul", [b.op("Div", [x, root(b, x)]), b.random(8)])],
  ["1 divided by the root", (b, x) => b.op("Mul", [b.op("Mul", [b.op("Div", [1, root(b, x)]), x]), b.random(8)])],
  ["a power of −0.5", (b, x) => b.op("Mul", [b.op("Mul", [x, b.op("Pow", [meanSquare(b, x), -0.5])]), b.random(8)])],
  ["no γ", (b, x) => b.op("Div", [x, root(b, x)])],
  ["γ with leading ones", (b, x) => b.op("Mul", [b.op("Div", [x, root(b, x)]), b.random(1, 1, 8)])],
  ["several axes", (b, x) => b.op("Mul", [b.op("Div", [x, root(b, x, [-1, -2])]), b.random(3, 8)])],
];

test.each(FORMS)("RMS norm with %s fuses", async (_, make) => {
  const b = builder();
  await engine.expectSame(b.finish(make(b, b.input("x", ["n", 3, 8]))), fuseRmsNorm, ["RMSNormalization"], 5e-6);
});

test("casts to f32 before and back before γ: a norm of half precision", async () => {
  const b = builder("f16");
  const x = b.op("Relu", [b.input("x", ["n", 3, 8])]);
  const wide = cast(b, x, F32);
  const normalized = cast(b, b.op("Mul", [wide, b.op("Reciprocal", [root(b, wide)])]), F16);
  const after = await engine.expectSame(b.finish(b.op("Mul", [b.random(8), normalized])), fuseRmsNorm, ["Relu", "RMSNormalization"], 5e-3);
  expect(after.nodes[1]?.inputs.map((value) => value?.type.dtype)).toEqual(["f16", "f16"]);
});

test("casts back after γ: a norm of f32 between casts", async () => {
  const b = builder("f16");
  const wide = cast(b, b.input("x", ["n", 8]), F32);
  const gain = b.constant([1, 2, 3, 4, 5, 6, 7, 8], [8], "f32");
  const scaled = b.op("Mul", [b.op("Mul", [wide, b.op("Reciprocal", [root(b, wide)])]), gain]);
  await engine.expectSame(b.finish(cast(b, scaled, F16)), fuseRmsNorm, ["Cast", "RMSNormalization", "Cast"], 2e-3);
});

test("the inverse root may be cast back before x is multiplied", async () => {
  const b = builder("f16");
  const x = b.input("x", ["n", 8]);
  const inverse = cast(b, b.op("Reciprocal", [root(b, cast(b, x, F32))]), F16);
  await engine.expectSame(b.finish(b.op("Mul", [b.op("Mul", [x, inverse]), b.random(8)])), fuseRmsNorm, ["RMSNormalization"], 1e-2);
});

const NEAR_MISSES: readonly (readonly [string, (b: Builder, x: Value) => Graph])[] = [
  [
    "the sum of squares is taken",
    (b, x) => b.finish(b.op("Div", [x, b.op("Sqrt", [b.op("Add", [b.op("ReduceSum", [b.op("Pow", [x, 2]), b.ints(-1)]), 1e-5])])])),
  ],
  ["the axis is not the last", (b, x) => b.finish(b.op("Div", [x, root(b, x, [1])]))],
  ["another value is divided", (b, x) => b.finish(b.op("Div", [b.input("z", [2, 3, 8]), root(b, x)]))],
  ["there is no root", (b, x) => b.finish(b.op("Div", [x, meanSquare(b, x)]))],
  ["x divides the root", (b, x) => b.finish(b.op("Div", [root(b, x), x]))],
  ["the numerator is 2", (b, x) => b.finish(b.op("Mul", [x, b.op("Div", [2, root(b, x)])]))],
  [
    "ε adds a dimension",
    (b, x) => {
      const mean = b.op("ReduceMean", [b.op("Mul", [x, x]), b.ints(-1)]);
      return b.finish(b.op("Div", [x, b.op("Sqrt", [b.op("Add", [mean, b.constant([1e-5], [1, 1, 1, 1])])])]));
    },
  ],
];

test.each(NEAR_MISSES)("no RMS norm when %s", (_, make) => {
  const b = builder();
  expect(opsOf(rewrite(make(b, b.input("x", [2, 3, 8])), fuseRmsNorm))).not.toContain("RMSNormalization");
});
