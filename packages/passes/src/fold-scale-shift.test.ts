import type { Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { foldScaleShift } from "./fold-scale-shift.js";
import { builder, type Builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();

const conv = (b: Builder): Value => b.op("Conv", [b.input("x", [2, 3, 4, 4]), b.random(4, 3, 1, 1), b.random(4)]);
const gemm = (b: Builder): Value => b.op("Gemm", [b.input("x", [2, 3]), b.random(4, 3), b.random(4)], { transB: 1 });

const FOLDED: readonly (readonly [string, (b: Builder) => Value])[] = [
  ["Conv · γ + β", (b) => b.op("Add", [b.op("Mul", [conv(b), b.random(4, 1, 1)]), b.random(1, 4, 1, 1)])],
  ["γ · Conv", (b) => b.op("Mul", [b.random(1, 4, 1, 1), conv(b)])],
  ["Conv · c", (b) => b.op("Mul", [conv(b), 0.25])],
  ["(Conv − mean) / deviation", (b) => b.op("Div", [b.op("Sub", [conv(b), b.random(4, 1, 1)]), b.random(4, 1, 1)])],
  ["β − Conv", (b) => b.op("Sub", [b.random(4, 1, 1), conv(b)])],
  ["Gemm · γ + β", (b) => b.op("Add", [b.op("Mul", [gemm(b), b.random(4)]), b.random(1, 4)])],
];

test("a BatchNormalization between products and sums goes the same way, in any order", async () => {
  const b = builder();
  const norm = (x: Value): Value => b.op("BatchNormalization", [x, b.random(4), b.random(4), b.random(4), b.constant([1, 2, 3, 4], [4])]);
  const chain = norm(b.op("Add", [norm(b.op("Mul", [conv(b), b.random(4, 1, 1)])), 3]));
  await engine.expectSame(b.finish(b.op("Sub", [chain, b.random(4, 1, 1)])), foldScaleShift, ["Conv"], 1e-5);
});

test.each(FOLDED)("%s is one layer", async (_, make) => {
  const b = builder();
  const made = make(b);
  const layer = b.graph.nodes[0]?.op ?? "";
  await engine.expectSame(b.finish(made), foldScaleShift, [layer], 1e-5);
});

const KEPT: readonly (readonly [string, (b: Builder) => Value])[] = [
  ["the constant varies along another axis", (b) => b.op("Mul", [conv(b), b.random(1, 4)])],
  ["the constant varies along rows", (b) => b.op("Add", [gemm(b), b.random(2, 1)])],
  ["the constant adds a dimension", (b) => b.op("Add", [gemm(b), b.random(1, 1, 4)])],
  ["the layer is the divisor", (b) => b.op("Div", [b.random(4, 1, 1), conv(b)])],
  ["the operand is no constant", (b) => b.op("Add", [conv(b), b.input("z", [4, 1, 1])])],
  ["a zero divides", (b) => b.op("Div", [conv(b), 0])],
  [
    "the layer is read twice",
    (b) => {
      const y = conv(b);
      return b.op("Mul", [y, b.op("Add", [y, 3])]);
    },
  ],
];

test.each(KEPT)("nothing is folded when %s", (_, make) => {
  const b = builder();
  const graph = b.finish(make(b));
  expect(opsOf(rewrite(graph, foldScaleShift))).toEqual(opsOf(graph));
});

test("MatMul with a constant, and the Add behind it, stay as they are", () => {
  const b = builder();
  const graph = b.finish(b.linear(b.input("x", [2, 3]), 3, 4));
  expect(opsOf(rewrite(graph, foldScaleShift))).toEqual(["MatMul", "Add"]);
});
