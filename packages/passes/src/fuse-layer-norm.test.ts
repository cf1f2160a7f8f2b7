import type { Attrs, Graph, Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { fuseLayerNorm } from "./fuse-layer-norm.js";
import { builder, type Builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();

const mean = (b: Builder, x: Value, axes: readonly number[] = [-1], attrs: Attrs = {}): Value =>
  b.op("ReduceMean", [x, b.ints(...axes)], attrs);
const centred = (b: Builder, x: Value, axes?: readonly number[]): Value => b.op("Sub", [x, mean(b, x, axes)]);
const shifted = (b: Builder, squares: Value, axes?: readonly number[]): Value => b.op("Add", [mean(b, squares, axes), 1e-5]);
const square = (b: Builder, d: Value): Value => b.op("Pow", [d, 2]);
const deviation = (b: Builder, d: Value, axes?: readonly number[]): Value => b.op("Sqrt", [shifted(b, square(b, d), axes)]);
const affine = (b: Builder, y: Value, ...shape: readonly number[]): Value =>
  b.op("Add", [b.op("Mul", [y, b.random(...shape)]), b.random(...shape)]);
const plain = (b: Builder, x: Value, axes?: readonly number[]): Value => {
  const d = centred(b, x, axes);
  return b.op("Div", [d, deviation(b, d, axes)]);
};

const F32 = 1;
const F16 = 10;
const cast = (b: Builder, x: Value, to: number): Value => b.op("Cast", [x], { to });

/** x over the root of its variance, with means as sums times `share`. */
const bySums = (b: Builder, x: Value, share: number): Value => {
  const average = (value: Value): Value => b.op("Mul", [b.op("ReduceSum", [value, b.ints(-1)]), share]);
  const d = b.op("Sub", [x, average(x)]);
  return b.op("Div", [d, b.op("Sqrt", [b.op("Add", [average(b.op("Mul", [d, d])), 1e-5])])]);
};

const FORMS: readonly (readonly [string, (b: Builder, x: Value) => Value])[] = [
  ["Div and Pow", (b, x) => affine(b, plain(b, x), 8)],
  [
    "a square by Mul",
    (b, x) => {
      const d = centred(b, x);
      return affine(b, b.op("Div", [d, b.op("Sqrt", [shifted(b, b.op("Mul", [d, d]))])]), 8);
    },
  ],
  ["the mean computed twice", (b, x) => affine(b, b.op("Div", [centred(b, x), deviation(b, centred(b, x))]), 8)],
  [
    "Reciprocal",
    (b, x) => {
      const d = centred(b, x);
      return affine(b, b.op("Mul", [b.op("Reciprocal", [deviation(b, d)]), d]), 8);
    },
  ],
  [
    "1 divided by the root",
    (b, x) => {
      const d = centred(b, x);
      return affine(b, b.op("Mul", [d, b.op("Div", [1, deviation(b, d)])]), 8);
    },
  ],
  [
    "powers of 0.5",
    (b, x) => {
      const d = centred(b, x);
      return affine(b, b.op("Div", [d, b.op("Pow", [shifted(b, square(b, d)), 0.5])]), 8);
    },
  ],
  ["γ only", (b, x) => b.op("Mul", [b.random(8), plain(b, x)])],
  ["neither γ nor β", plain],
  ["β only", (b, x) => b.op("Add", [plain(b, x), b.random(8)])],
  ["γ and β with leading ones", (b, x) => affine(b, plain(b, x), 1, 1, 8)],
  ["several axes", (b, x) => affine(b, plain(b, x, [-2, -1]), 3, 8)],
  ["means that are sums times 1/8", (b, x) => affine(b, bySums(b, x, 1 / 8), 8)],
  ["axes counted from the front", (b, x) => affine(b, plain(b, x, [2, 1]), 3, 8)],
];

test.each(FORMS)("layer norm with %s fuses", async (_, make) => {
  const b = builder();
  const after = await engine.expectSame(b.finish(make(b, b.input("x", ["n", 3, 8]))), fuseLayerNorm, ["LayerNormalization"], 5e-6);
  expect(after.nodes[0]?.attrs["epsilon"]).toBeCloseTo(1e-5, 10);
});

test("half precision with casts around the norm fuses to a norm of half precision", async () => {
  const b = builder("f16");
  const x = b.op("Relu", [b.input("x", ["n", 3, 8])]);
  const wide = cast(b, x, F32);
  const d = b.op("Sub", [wide, mean(b, wide)]);
  const epsilon = b.constant([1e-5], [], "f32");
  const root = b.op("Sqrt", [b.op("Add", [mean(b, b.op("Mul", [d, d])), epsilon])]);
  const graph = b.finish(affine(b, cast(b, b.op("Div", [d, root]), F16), 8));
  await engine.expectSame(graph, fuseLayerNorm, ["Relu", "LayerNormalization"], 5e-3);
});

test("with γ and β in f32 the casts stay around the norm", async () => {
  const b = builder("f16");
  const wide = cast(b, b.input("x", ["n", 8]), F32);
  const d = b.op("Sub", [wide, mean(b, wide)]);
  const root = b.op("Sqrt", [b.op("Add", [mean(b, b.op("Mul", [d, d])), b.constant([1e-5], [], "f32")])]);
  const gain = b.constant([1, 2, 3, 4, 5, 6, 7, 8], [8], "f32");
  const scaled = b.op("Add", [b.op("Mul", [b.op("Div", [d, root]), gain]), gain]);
  await engine.expectSame(b.finish(cast(b, scaled, F16)), fuseLayerNorm, ["Cast", "LayerNormalization", "Cast"], 2e-3);
});

test("casts only around the variance do not hinder", async () => {
  const b = builder("f16");
  const d = centred(b, b.input("x", ["n", 8]));
  const wide = cast(b, d, F32);
  const root = b.op("Sqrt", [b.op("Add", [mean(b, b.op("Mul", [wide, wide])), b.constant([1e-5], [], "f32")])]);
  await engine.expectSame(b.finish(affine(b, b.op("Div", [d, cast(b, root, F16)]), 8)), fuseLayerNorm, ["LayerNormalization"], 1e-2);
});

/** x · s + (β − mean · s), s = γ / √(variance + ε). */
function folded(b: Builder, x: Value, { gain, other = x }: { readonly gain: Value; readonly other?: Value }): Value {
  const average = mean(b, other);
  const scale = b.op("Mul", [b.op("Reciprocal", [deviation(b, b.op("Sub", [x, mean(b, x)]))]), gain]);
  return b.op("Add", [b.op("Mul", [x, scale]), b.op("Sub", [b.random(8), b.op("Mul", [average, scale])])]);
}

test("γ multiplied into the inverse deviation, as Keras writes it", async () => {
  const b = builder();
  const y = folded(b, b.input("x", ["n", 3, 8]), { gain: b.random(8) });
  await engine.expectSame(b.finish(y), fuseLayerNorm, ["LayerNormalization"], 1e-5);
});

test("that form with the mean of another value, or with a computed γ, stays", () => {
  const b = builder();
  const [x, other] = [b.input("x", ["n", 8]), b.input("other", ["n", 8])];
  const graph = b.finish(folded(b, x, { gain: b.random(8), other }), folded(b, x, { gain: b.input("gain", [8]) }));
  expect(opsOf(rewrite(graph, fuseLayerNorm))).not.toContain("LayerNormalization");
});

test("γ stays outside when the normalized value has another reader", async () => {
  const b = builder();
  const y = plain(b, b.input("x", ["n", 8]));
  await engine.expectSame(b.finish(b.op("Mul", [y, b.random(8)]), y), fuseLayerNorm, ["LayerNormalization", "Mul"], 5e-6);
});

const NEAR_MISSES: readonly (readonly [string, (b: Builder, x: Value) => Graph])[] = [
  ["the axis is not the last", (b, x) => b.finish(affine(b, plain(b, x, [1]), 3, 8))],
  [
    "mean and variance have different axes",
    (b, x) => {
      const d = centred(b, x, [-1]);
      return b.finish(b.op("Div", [d, deviation(b, d, [-2, -1])]));
    },
  ],
  ["the second mean has other axes", (b, x) => b.finish(b.op("Div", [centred(b, x), deviation(b, centred(b, x, [-2, -1]))]))],
  ["another value is divided", (b, x) => b.finish(b.op("Div", [b.input("z", [2, 3, 8]), deviation(b, centred(b, x))]))],
  ["the power is 3", (b, x) => b.finish(b.op("Div", [centred(b, x), b.op("Sqrt", [shifted(b, b.op("Pow", [centred(b, x), 3]))])]))],
  ["the sums are no means", (b, x) => b.finish(bySums(b, x, 1 / 7))],
  ["there is no ε", (b, x) => b.finish(b.op("Div", [centred(b, x), b.op("Sqrt", [mean(b, square(b, centred(b, x)))])]))],
  [
    "ε adds a dimension",
    (b, x) => {
      const d = centred(b, x);
      const radicand = b.op("Add", [mean(b, square(b, d)), b.constant([1e-5], [1, 1, 1, 1])]);
      return b.finish(b.op("Div", [d, b.op("Sqrt", [radicand])]));
    },
  ],
  ["γ inside the inverse deviation adds a dimension", (b, x) => b.finish(folded(b, x, { gain: b.random(1, 1, 1, 8) }))],
];

test.each(NEAR_MISSES)("no layer norm when %s", (_, make) => {
  const b = builder();
  expect(opsOf(rewrite(make(b, b.input("x", [2, 3, 8])), fuseLayerNorm))).not.toContain("LayerNormalization");
});

test("a norm over an extent that is not known needs γ and stays", () => {
  const b = builder();
  expect(opsOf(rewrite(b.finish(plain(b, b.input("x", ["n", "k"]))), fuseLayerNorm))).not.toContain("LayerNormalization");
});
