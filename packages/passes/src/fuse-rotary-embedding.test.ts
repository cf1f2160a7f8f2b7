import type { Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { expandRotaryEmbedding } from "./expand-rotary-embedding.js";
import { fuseRotaryEmbedding } from "./fuse-rotary-embedding.js";
import { builder, type Builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();
const SIZE = 8;

const slice = (b: Builder, x: Value, ...[begin, end, step = 1]: readonly number[]): Value =>
  b.op("Slice", [x, b.ints(begin as number), b.ints(end as number), b.ints(-1), b.ints(step)]);

/** (−x₂, x₁) of the halves. */
function turnedHalves(b: Builder, x: Value): Value {
  return b.op("Concat", [b.op("Neg", [slice(b, x, SIZE / 2, 2 ** 62)]), slice(b, x, 0, SIZE / 2)], { axis: -1 });
}

function turnedBySplit(b: Builder, x: Value): Value {
  const [first, second] = b.ops("Split", [x], { axis: 3, num_outputs: 2 }, 2) as [Value, Value];
  return b.op("Concat", [b.op("Neg", [second]), first], { axis: 3 });
}

/** (−x₁, x₀, −x₃, x₂, …). */
function turnedPairs(b: Builder, x: Value): Value {
  const parts = [b.op("Neg", [slice(b, x, 1, 2 ** 62, 2)]), slice(b, x, 0, 2 ** 62, 2)];
  const pairs = parts.map((part) => b.op("Unsqueeze", [part, b.ints(-1)]));
  return b.op("Reshape", [b.op("Concat", pairs, { axis: -1 }), b.ints(0, 0, 0, SIZE)]);
}

const rotated = (b: Builder, x: Value, turned: Value, [cos, sin]: readonly [Value, Value]): Value =>
  b.op("Add", [b.op("Mul", [x, cos]), b.op("Mul", [turned, sin])]);

/** Cosines and sines as decoders compute them from positions: [batch, 1, sequence, size]. */
function computedAngles(b: Builder, positions: readonly (number | string)[] = ["b", "s", 1]): readonly [Value, Value] {
  const angles = b.op("Mul", [b.input("positions", positions), b.random(SIZE / 2)]);
  const both = b.op("Concat", [angles, angles], { axis: -1 });
  const wave = (op: string): Value => b.op("Unsqueeze", [b.op("Mul", [b.op(op, [both]), 1.5]), b.ints(1)]);
  return [wave("Cos"), wave("Sin")];
}

/** Tables [1, 1, 16, size], cut to the length of x. */
function tableAngles(b: Builder, x: Value, twin: (column: number) => number): readonly [Value, Value] {
  const rows = b.op("Slice", [b.op("Shape", [x]), b.ints(2), b.ints(3)]);
  const table = (phase: number): Value =>
    b.constant(
      Float32Array.from({ length: 16 * SIZE }, (_, i) => Math.sin(phase + Math.floor(i / SIZE) * (1 + twin(i % SIZE)))),
      [1, 1, 16, SIZE],
    );
  return [0, 1].map((phase) => b.op("Slice", [table(phase), b.ints(0), rows, b.ints(2)])) as unknown as readonly [Value, Value];
}

test.each([
  ["slices", turnedHalves],
  ["a split", turnedBySplit],
] as const)("halves turned by %s, angles computed from positions", async (_, turn) => {
  const b = builder();
  const x = b.input("x", ["b", 3, "s", SIZE]);
  const graph = b.finish(rotated(b, x, turn(b, x), computedAngles(b)));
  const after = rewrite(graph, fuseRotaryEmbedding);
  expect(opsOf(after).filter((op) => ["Neg", "RotaryEmbedding"].includes(op))).toEqual(["RotaryEmbedding"]);
  await engine.expectSame(graph, fuseRotaryEmbedding, opsOf(after));
  await engine.expectSame(after, expandRotaryEmbedding, opsOf(rewrite(after, expandRotaryEmbedding)));
});

test("angles of one batch serve all", async () => {
  const b = builder();
  const x = b.input("x", ["b", 3, "s", SIZE]);
  const graph = b.finish(
    rotated(
      b,
      x,
      turnedHalves(b, x),
      tableAngles(b, x, (column) => column % (SIZE / 2)),
    ),
  );
  const after = rewrite(graph, fuseRotaryEmbedding);
  expect(opsOf(after)).toContain("RotaryEmbedding");
  await engine.expectSame(graph, fuseRotaryEmbedding, opsOf(after));
});

test("neighbours as pairs", async () => {
  const b = builder();
  const x = b.input("x", ["b", 3, "s", SIZE]);
  const graph = b.finish(
    rotated(
      b,
      x,
      turnedPairs(b, x),
      tableAngles(b, x, (column) => column >> 1),
    ),
  );
  const after = rewrite(graph, fuseRotaryEmbedding);
  expect(after.nodes.find(({ op }) => op === "RotaryEmbedding")?.attrs["interleaved"]).toBe(1);
  await engine.expectSame(graph, fuseRotaryEmbedding, opsOf(after));
});

const NEAR_MISSES: readonly (readonly [string, (b: Builder, x: Value) => Value])[] = [
  [
    "the halves of the angles differ",
    (b, x) =>
      rotated(
        b,
        x,
        turnedHalves(b, x),
        tableAngles(b, x, (column) => column),
      ),
  ],
  [
    "angles are neighbours, halves are turned",
    (b, x) =>
      rotated(
        b,
        x,
        turnedHalves(b, x),
        tableAngles(b, x, (column) => column >> 1),
      ),
  ],
  ["angles come from outside", (b, x) => rotated(b, x, turnedHalves(b, x), [b.input("cos", ["s", SIZE]), b.input("sin", ["s", SIZE])])],
  [
    "the other half is negated",
    (b, x) => {
      const turned = b.op("Concat", [slice(b, x, SIZE / 2, SIZE), b.op("Neg", [slice(b, x, 0, SIZE / 2)])], { axis: -1 });
      return rotated(b, x, turned, computedAngles(b));
    },
  ],
  [
    "the halves are of different size",
    (b, x) => {
      const turned = b.op("Concat", [b.op("Neg", [slice(b, x, 3, SIZE)]), slice(b, x, 0, 3)], { axis: -1 });
      return rotated(b, x, turned, computedAngles(b));
    },
  ],
  ["another value is turned", (b, x) => rotated(b, x, turnedHalves(b, b.input("z", ["b", 3, "s", SIZE])), computedAngles(b))],
];

test("no RotaryEmbedding of double precision", () => {
  const b = builder("f64");
  const x = b.input("x", ["b", 3, "s", SIZE]);
  expect(
    opsOf(
      rewrite(
        b.finish(
          rotated(
            b,
            x,
            turnedHalves(b, x),
            tableAngles(b, x, (column) => column % (SIZE / 2)),
          ),
        ),
        fuseRotaryEmbedding,
      ),
    ),
  ).not.toContain("RotaryEmbedding");
});

test.each(NEAR_MISSES)("no RotaryEmbedding when %s", (_, make) => {
  const b = builder();
  expect(opsOf(rewrite(b.finish(make(b, b.input("x", ["b", 3, "s", SIZE]))), fuseRotaryEmbedding))).not.toContain("RotaryEmbedding");
});
