import type { Value } from "@vlm-export/ir";
import { describe, expect, test } from "vitest";
import { expandAttention } from "./expand-attention.js";
import { fuseAttention } from "./fuse-attention.js";
import { builder, type Builder, type Operand } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();
const SIZE = 8;
const SCALE = 1 / Math.sqrt(SIZE);

interface Parts {
  readonly q?: (b: Builder, q: Value) => Value;
  /** Of the transposed key. */
  readonly k?: (b: Builder, k: Value) => Value;
  readonly logits?: (b: Builder, scores: Value) => Value;
  readonly weights?: (b: Builder, weights: Value) => Value;
}

const same = (_: Builder, value: Value): Value => value;
const times =
  (operand: Operand) =>
  (b: Builder, value: Value): Value =>
    b.op("Mul", [value, operand]);

/** The decomposed form on inputs q, k, v of four dimensions, with symbols for batch and lengths. */
function decomposed(b: Builder, { q = same, k = same, logits = same, weights = same }: Parts): Value {
  const query = b.input("q", ["b", 4, "s", SIZE]);
  const key = b.op("Transpose", [b.input("k", ["b", 4, "t", SIZE])], { perm: [0, 1, 3, 2] });
  const scores = b.op("MatMul", [q(b, query), k(b, key)]);
  const softmax = b.op("Softmax", [logits(b, scores)], { axis: -1 });
  return b.op("MatMul", [weights(b, softmax), b.input("v", ["b", 4, "t", 6])]);
}

const mask = (b: Builder, shape: readonly (number | string)[] = ["b", 1, "s", "t"], dtype: "f32" | "bool" = "f32"): Value =>
  b.input("mask", shape, dtype);

const FORMS: readonly (readonly [string, Parts, readonly string[]])[] = [
  ["no scale", {}, ["Attention"]],
  ["a scale on q", { q: times(SCALE) }, ["Attention"]],
  ["a scale on k", { k: times(SCALE) }, ["Attention"]],
  ["its root on both", { q: times(Math.sqrt(SCALE)), k: times(Math.sqrt(SCALE)) }, ["Attention"]],
  ["a scale on the scores", { logits: times(SCALE) }, ["Attention"]],
  ["a divisor of the scores", { logits: (b, scores) => b.op("Div", [scores, Math.sqrt(SIZE)]) }, ["Attention"]],
  ["an added mask", { logits: (b, scores) => b.op("Add", [b.op("Mul", [scores, SCALE]), mask(b)]) }, ["Attention"]],
  ["a mask in front", { q: times(SCALE), logits: (b, scores) => b.op("Add", [mask(b, ["s", "t"]), scores]) }, ["Attention"]],
  [
    "a mask by Where",
    { logits: (b, scores) => b.op("Where", [mask(b, ["b", 1, "s", "t"], "bool"), b.op("Mul", [scores, SCALE]), -1e9]) },
    ["Where", "Attention"],
  ],
  [
    "a mask by Where, true where it masks",
    { logits: (b, scores) => b.op("Where", [mask(b, ["s", "t"], "bool"), -1e9, scores]) },
    ["Where", "Attention"],
  ],
  ["a guard against NaN", { weights: (b, w) => b.op("Where", [b.op("IsNaN", [w]), 0, w]) }, ["Attention"]],
];

test.each(FORMS)("attention with %s fuses, and expands again", async (_, parts, expected) => {
  const b = builder();
  const graph = b.finish(decomposed(b, parts));
  const fused = await engine.expectSame(graph, fuseAttention, expected, 5e-6);
  await engine.expectSame(fused, expandAttention, opsOf(rewrite(fused, expandAttention)), 5e-6);
});

test("the scale is that of the decomposed form", () => {
  const b = builder();
  const after = rewrite(b.finish(decomposed(b, { q: times(0.25), logits: times(0.5) })), fuseAttention);
  expect(after.nodes[0]?.attrs["scale"]).toBe(0.125);
});

describe("layouts", () => {
  /** [batch, sequence, heads · size] → heads apart, by that permutation. */
  const heads = (b: Builder, x: Value, count: number, perm: readonly number[]): Value =>
    b.op("Transpose", [b.op("Reshape", [x, b.ints(0, 0, count, SIZE)])], { perm });

  test("a key whose transpositions are one loses the last of them", async () => {
    const b = builder();
    const [q, v] = ["q", "v"].map((name) => heads(b, b.input(name, ["b", 5, 32]), 4, [0, 2, 1, 3]));
    const k = heads(b, b.input("k", ["b", 5, 32]), 4, [0, 2, 3, 1]);
    const weights = b.op("Softmax", [b.op("MatMul", [q as Value, k])], { axis: 3 });
    const graph = b.finish(b.op("MatMul", [weights, v as Value]));
    const after = await engine.expectSame(graph, fuseAttention, [
      "Reshape",
      "Transpose",
      "Reshape",
      "Transpose",
      "Reshape",
      "Transpose",
      "Attention",
    ]);
    expect(after.nodes.filter(({ op }) => op === "Transpose").map(({ attrs }) => attrs["perm"])).toEqual([0, 1, 2].map(() => [0, 2, 1, 3]));
  });

  test.each(["Expand", "Concat"] as const)("heads repeated by %s for grouped queries are read before the repetition", async (how) => {
    const b = builder();
    const repeated = (x: Value): Value => {
      const one = b.op("Unsqueeze", [x, b.ints(2)]);
      const two = how === "Expand" ? b.op("Expand", [one, b.ints(2, 2, 2, 5, SIZE)]) : b.op("Concat", [one, one], { axis: 2 });
      return b.op("Reshape", [two, b.ints(2, 4, 5, SIZE)]);
    };
    const [k, v] = ["k", "v"].map((name) => repeated(b.input(name, [2, 2, 5, SIZE]))) as [Value, Value];
    const scores = b.op("MatMul", [b.input("q", [2, 4, 5, SIZE]), b.op("Transpose", [k], { perm: [0, 1, 3, 2] })]);
    await engine.expectSame(b.finish(b.op("MatMul", [b.op("Softmax", [scores], { axis: -1 }), v])), fuseAttention, ["Attention"], 5e-6);
  });

  test.each(["s", 5])("a mask with one row for all of %s queries has a row for each", async (queries) => {
    const b = builder();
    const [k, v] = ["k", "v"].map((name) => b.input(name, [2, 4, 3, SIZE])) as [Value, Value];
    const scores = b.op("MatMul", [b.input("q", [2, 4, queries, SIZE]), b.op("Transpose", [k], { perm: [0, 1, 3, 2] })]);
    const logits = b.op("Add", [scores, mask(b, [2, 1, 1, 3])]);
    const graph = b.finish(b.op("MatMul", [b.op("Softmax", [logits], { axis: -1 }), v]));
    const shape = queries === "s" ? ["Shape", "Concat"] : [];
    await engine.expectSame(graph, fuseAttention, [...shape, "Expand", "Attention"], 5e-6);
  });

  test("half precision with softmax in f32 keeps that precision", async () => {
    const b = builder("f16");
    const parts: Parts = {
      logits: (_, scores) => b.op("Cast", [b.op("Mul", [scores, SCALE])], { to: 1 }),
      weights: (_, weights) => b.op("Cast", [weights], { to: 10 }),
    };
    const after = await engine.expectSame(b.finish(decomposed(b, parts)), fuseAttention, ["Attention"], 1e-2);
    expect(after.nodes[0]?.attrs["softmax_precision"]).toBe(1);
  });
});

const NEAR_MISSES: readonly (readonly [string, (b: Builder) => readonly Value[]])[] = [
  [
    "the weights are given out",
    (b) => {
      const y = decomposed(b, {});
      return [y, y.producer?.inputs[0] as Value];
    },
  ],
  ["the weights are changed", (b) => [decomposed(b, { weights: (_, w) => b.op("Mul", [w, 2]) })]],
  ["a guard against NaN puts in ones", (b) => [decomposed(b, { weights: (_, w) => b.op("Where", [b.op("IsNaN", [w]), 1, w]) })]],
  ["scores add to what Where puts in", (b) => [decomposed(b, { logits: (_, s) => b.op("Where", [mask(b, ["s", "t"], "bool"), s, -1e4]) })]],
  ["the scale comes after the mask", (b) => [decomposed(b, { logits: (_, s) => b.op("Mul", [b.op("Add", [s, mask(b)]), SCALE]) })]],
  ["the scale is negative", (b) => [decomposed(b, { q: times(-1) })]],
  ["the mask has one column for all keys", (b) => [decomposed(b, { logits: (_, s) => b.op("Add", [s, mask(b, ["s", 1])]) })]],
  ["the mask widens the scores", (b) => [decomposed(b, { logits: (_, s) => b.op("Add", [s, mask(b, [3, 1, 4, "s", "t"])]) })]],
  ["what Where puts in masks nothing", (b) => [decomposed(b, { logits: (_, s) => b.op("Where", [mask(b, ["s", "t"], "bool"), s, -10]) })]],
  [
    "softmax runs over queries",
    (b) => {
      const [q, k, v] = ["q", "k", "v"].map((name) => b.input(name, [2, 4, 5, 5])) as [Value, Value, Value];
      return [b.op("MatMul", [b.op("Softmax", [b.op("MatMul", [q, k])], { axis: 2 }), v])];
    },
  ],
  [
    "keys are shared over the batch",
    (b) => {
      const scores = b.op("MatMul", [b.input("q", [2, 4, 5, 8]), b.input("k", [1, 4, 8, 5])]);
      return [b.op("MatMul", [b.op("Softmax", [scores], { axis: -1 }), b.input("v", [1, 4, 5, 8])])];
    },
  ],
  [
    "there are three dimensions",
    (b) => {
      const scores = b.op("MatMul", [b.input("q", [4, 5, 8]), b.input("k", [4, 8, 5])]);
      return [b.op("MatMul", [b.op("Softmax", [scores], { axis: -1 }), b.input("v", [4, 5, 8])])];
    },
  ],
];

test.each(NEAR_MISSES)("no Attention when %s", (_, make) => {
  const b = builder();
  expect(opsOf(rewrite(b.finish(...make(b)), fuseAttention))).not.toContain("Attention");
});
