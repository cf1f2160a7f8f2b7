import type { Attrs, Graph, Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { foldScaleShift } from "./fold-scale-shift.js";
import { builder, type Builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";
import { expandBatchNorm } from "./expand-batch-norm.js";

const engine = onEngine();

function batchNorm(b: Builder, x: Value, channels: number, attrs: Attrs = { epsilon: 1e-3 }): Value {
  const variance = b.constant(
    Array.from({ length: channels }, (_, c) => 0.2 + c / 3),
    [channels],
  );
  return b.op("BatchNormalization", [x, b.random(channels), b.random(channels), b.random(channels), variance], attrs);
}

type Layer = readonly [string, (b: Builder) => Value, number];
const LAYERS: readonly Layer[] = [
  ["Conv", (b) => b.op("Conv", [b.input("x", [1, 3, 5, 5]), b.random(4, 3, 3, 3), b.random(4)]), 4],
  ["Conv without bias", (b) => b.op("Conv", [b.input("x", [1, 3, 5, 5]), b.random(4, 3, 3, 3)]), 4],
  ["grouped Conv", (b) => b.op("Conv", [b.input("x", [1, 6, 5, 5]), b.random(4, 3, 1, 1)], { group: 2 }), 4],
  ["Conv of one dimension", (b) => b.op("Conv", [b.input("x", [1, 3, 7]), b.random(4, 3, 3)]), 4],
  ["ConvTranspose", (b) => b.op("ConvTranspose", [b.input("x", [1, 3, 4, 4]), b.random(3, 5, 2, 2), b.random(5)], { strides: [2, 2] }), 5],
  ["grouped ConvTranspose", (b) => b.op("ConvTranspose", [b.input("x", [1, 4, 4, 4]), b.random(4, 3, 2, 2)], { group: 2 }), 6],
  ["Gemm", (b) => b.op("Gemm", [b.input("x", [2, 3]), b.random(3, 4), b.random(4)]), 4],
  ["Gemm with transB", (b) => b.op("Gemm", [b.input("x", [2, 3]), b.random(4, 3)], { transB: 1 }), 4],
  ["Gemm with a row as bias", (b) => b.op("Gemm", [b.input("x", [2, 3]), b.random(3, 4), b.random(1, 4)], { transA: 0 }), 4],
];

test.each(LAYERS)("BatchNormalization goes into %s", async (_, layer, channels) => {
  const b = builder();
  const made = layer(b);
  await engine.expectSame(b.finish(batchNorm(b, made, channels)), foldScaleShift, [made.producer?.op ?? ""], 5e-6);
});

test("half precision: weights are rounded once", async () => {
  const b = builder("f16");
  const conv = b.op("Conv", [b.input("x", [1, 3, 5, 5]), b.random(4, 3, 3, 3)]);
  const after = await engine.expectSame(b.finish(batchNorm(b, conv, 4)), foldScaleShift, ["Conv"], 5e-3);
  expect(after.constants.map(({ type }) => type.dtype)).toEqual(["f16", "f16"]);
});

test("layers that share a weight each get their own; the old one stays for the rest", async () => {
  const b = builder();
  const [x, weight] = [b.input("x", [1, 3, 4, 4]), b.random(3, 3, 1, 1)];
  const first = batchNorm(b, b.op("Conv", [x, weight]), 3);
  const second = batchNorm(b, b.op("Conv", [first, weight]), 3);
  const graph = b.finish(b.op("Conv", [second, weight]));
  const after = await engine.expectSame(graph, foldScaleShift, ["Conv", "Conv", "Conv"], 5e-6);
  expect(after.nodes.map(({ origin }) => origin.length)).toEqual([0, 0, 0]);
  expect(after.nodes.filter(({ inputs }) => inputs[1] === after.value(weight.name)).length).toBe(1);
});

const NEAR_MISSES: readonly (readonly [string, (b: Builder) => Graph])[] = [
  [
    "the layer's result has another reader",
    (b) => {
      const conv = b.op("Conv", [b.input("x", [1, 2, 2, 2]), b.random(2, 2, 1, 1)]);
      return b.finish(b.op("Add", [batchNorm(b, conv, 2), conv]));
    },
  ],
  [
    "the layer's result is an output",
    (b) => {
      const conv = b.op("Conv", [b.input("x", [1, 2, 2, 2]), b.random(2, 2, 1, 1)]);
      return b.finish(batchNorm(b, conv, 2), conv);
    },
  ],
  ["the weight is computed", (b) => b.finish(batchNorm(b, b.op("Conv", [b.input("x", [1, 2, 2, 2]), b.input("w", [2, 2, 1, 1])]), 2))],
  [
    "statistics are computed",
    (b) => {
      const conv = b.op("Conv", [b.input("x", [1, 2, 2, 2]), b.random(2, 2, 1, 1)]);
      return b.finish(b.op("BatchNormalization", [conv, b.random(2), b.random(2), b.random(2), b.input("v", [2])]));
    },
  ],
  [
    "it is in training",
    (b) => b.finish(batchNorm(b, b.op("Conv", [b.input("x", [1, 2, 2, 2]), b.random(2, 2, 1, 1)]), 2, { training_mode: 1 })),
  ],
  ["Gemm scales", (b) => b.finish(batchNorm(b, b.op("Gemm", [b.input("x", [2, 2]), b.random(2, 2)], { alpha: 0.5 }), 2))],
  ["Gemm adds a column", (b) => b.finish(batchNorm(b, b.op("Gemm", [b.input("x", [2, 2]), b.random(2, 2), b.random(2, 1)]), 2))],
  [
    "the folded weight is no number",
    (b) => {
      const conv = b.op("Conv", [b.input("x", [1, 1, 2, 2]), b.random(1, 1, 1, 1)]);
      return b.finish(
        b.op(
          "BatchNormalization",
          [conv, 1, 1, 1, -1].map((v) => (typeof v === "number" ? b.constant([v], [1]) : v)),
        ),
      );
    },
  ],
];

test.each(NEAR_MISSES)("BatchNormalization stays when %s", (_, make) => {
  expect(opsOf(rewrite(make(builder()), foldScaleShift))).toContain("BatchNormalization");
});

/** Shape of the input, what it becomes, and the shapes of its constants. */
const ALONE = [
  [["n", 3, 4, 4], ["Conv"], [[3, 1, 1, 1], [3]]],
  [
    ["n", 3, 4],
    ["Mul", "Add"],
    [
      [3, 1],
      [3, 1],
    ],
  ],
  [
    ["n", 3],
    ["Mul", "Add"],
    [[3], [3]],
  ],
] as const;

test.each(ALONE)("without a layer before it, BatchNormalization of %j is %j", async (shape, ops, shapes) => {
  for (const [dtype, tolerance] of [
    ["f32", 2e-6],
    ["f16", 5e-3],
  ] as const) {
    const b = builder(dtype);
    const graph = b.finish(batchNorm(b, b.op("Relu", [b.input("x", [...shape])]), 3));
    const after = await engine.expectSame(graph, expandBatchNorm, ["Relu", ...ops], tolerance);
    expect(after.constants.map(({ type }) => type)).toEqual(shapes.map((of) => ({ dtype, shape: of })));
  }
});

test("of double precision it is no Conv over pictures either, which the engine does not have", async () => {
  const b = builder("f64");
  const graph = b.finish(batchNorm(b, b.op("Relu", [b.input("x", ["n", 3, 4, 4])]), 3));
  await engine.expectSame(graph, expandBatchNorm, ["Relu", "Mul", "Add"]);
});

test("training BatchNormalization is not split", () => {
  const b = builder();
  expect(opsOf(rewrite(b.finish(batchNorm(b, b.input("x", [2, 3]), 3, { training_mode: 1 })), expandBatchNorm))).toEqual([
    "BatchNormalization",
  ]);
});
