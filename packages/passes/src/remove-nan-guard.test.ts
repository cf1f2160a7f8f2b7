import type { Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { builder, type Builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { removeNanGuard } from "./remove-nan-guard.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();

const guarded = (b: Builder, logits: Value, instead: number | Value = 0): Value => {
  const softmax = b.op("Softmax", [logits], { axis: -1 });
  return b.op("Where", [b.op("IsNaN", [softmax]), instead, softmax]);
};

const scores = (b: Builder): Value => b.op("MatMul", [b.input("q", [2, 4, 8]), b.input("k", [2, 8, 4])]);

const UNGUARDED: readonly (readonly [string, (b: Builder) => Value])[] = [
  ["plain scores", (b) => scores(b)],
  ["scores and a bias of finite numbers", (b) => b.op("Add", [b.op("Div", [scores(b), 2]), b.random(4, 4)])],
  ["a mask of large finite numbers", (b) => b.op("Where", [b.input("m", [4, 4], "bool"), scores(b), -1e4 + 1])],
  ["capped scores", (b) => b.op("Mul", [b.op("Tanh", [b.op("Div", [scores(b), 5])]), 5])],
  ["numbers from truth values", (b) => b.op("Add", [scores(b), b.op("Cast", [b.input("m", [4, 4], "bool")], { to: 1 })])],
];

test.each(UNGUARDED)("the guard goes where it is %s that come to the softmax", async (_, make) => {
  const b = builder();
  const graph = b.finish(guarded(b, make(b)));
  await engine.expectSame(graph, removeNanGuard, opsOf(graph).slice(0, -2));
});

test("a softmax in another precision is seen through its cast", () => {
  const b = builder("f16");
  const softmax = b.op("Cast", [b.op("Softmax", [b.op("Cast", [scores(b)], { to: 1 })], { axis: -1 })], { to: 10 });
  const graph = b.finish(b.op("Where", [b.op("IsNaN", [softmax]), 0, softmax]));
  expect(opsOf(rewrite(graph, removeNanGuard))).toEqual(["MatMul", "Cast", "Softmax", "Cast"]);
});

test("a guard behind a long chain is judged without deep recursion", () => {
  const b = builder();
  let logits = scores(b);
  for (let i = 0; i < 8000; i += 1) logits = b.op("Neg", [logits]);
  expect(opsOf(rewrite(b.finish(guarded(b, logits)), removeNanGuard))).not.toContain("IsNaN");
});

const KEPT: readonly (readonly [string, (b: Builder) => Value])[] = [
  ["a constant mask has −∞", (b) => guarded(b, b.op("Add", [scores(b), b.constant([0, -Infinity, 0, 0], [4])]))],
  ["−∞ is chosen", (b) => guarded(b, b.op("Where", [b.input("m", [4, 4], "bool"), scores(b), Number.NEGATIVE_INFINITY]))],
  ["two masks may add up to −∞", (b) => guarded(b, b.op("Add", [scores(b), -3e38]))],
  [
    "a finite mask is cast to half precision, where it is −∞",
    (b) =>
      guarded(b, b.op("Cast", [b.op("Where", [b.input("m", [4, 4], "bool"), scores(b), -1e9])], { to: 10 }), b.constant([0], [], "f16")),
  ],
  ["an input is added", (b) => guarded(b, b.op("Add", [scores(b), b.input("m", [4, 4])]))],
  ["a logarithm is added", (b) => guarded(b, b.op("Add", [scores(b), b.op("Log", [b.input("m", [4, 4])])]))],
  ["a quotient may have no bounds", (b) => guarded(b, b.op("Div", [scores(b), b.input("m", [4, 4])]))],
  ["what is guarded is no softmax", (b) => b.op("Where", [b.op("IsNaN", [scores(b)]), 0, b.input("m", [2, 4, 4])])],
  ["it widens the result", (b) => guarded(b, scores(b), b.random(3, 1, 1, 1))],
];

test.each(KEPT)("the guard stays when %s", (_, make) => {
  const b = builder();
  expect(opsOf(rewrite(b.finish(make(b)), removeNanGuard))).toContain("IsNaN");
});
