import { expect, test } from "vitest";
import { expandEinsum } from "./expand-einsum.js";
import { builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();

test.each([
  ["ij,jk->ik", [3, 4], [4, 5]],
  ["bhwc,hkc->bhwk", [2, 3, 4, 5], [3, 6, 5]],
  ["bhwc,wkc->bhwk", [2, 3, 4, 5], [4, 6, 5]],
  ["...ij,...kj->...ik", [2, 3, 4, 5], [2, 3, 6, 5]],
  ["i,j->ji", [3], [4]],
  ["bij,bij->b", [2, 3, 4], [2, 3, 4]],
  ["ab,cb", [2, 3], [4, 3]],
] as const)("%s is a product of matrices", async (equation, left, right) => {
  const b = builder();
  const graph = b.finish(b.op("Einsum", [b.input("x", left), b.input("z", right)], { equation }));
  const expanded = opsOf(rewrite(graph, expandEinsum));
  expect(expanded.filter((op) => op !== "Transpose" && op !== "Reshape")).toEqual(["MatMul"]);
  await engine.expectSame(graph, expandEinsum, expanded);
});

test.each([
  ["one operand", "ij->ji", [[3, 4]]],
  [
    "three operands",
    "ij,jk,kl->il",
    [
      [2, 3],
      [3, 4],
      [4, 5],
    ],
  ],
  [
    "a diagonal",
    "ii,ij->ij",
    [
      [3, 3],
      [3, 4],
    ],
  ],
  ["a sum over one operand alone", "ij,k->k", [[3, 4], [5]]],
  [
    "broadcast extents",
    "...ij,...jk->...ik",
    [
      [1, 2, 3],
      [5, 3, 4],
    ],
  ],
  [
    "extents that are not known",
    "ij,jk->ik",
    [
      ["n", 4],
      [4, 5],
    ],
  ],
] as const)("%s stays", (_, equation, shapes) => {
  const b = builder();
  const graph = b.finish(
    b.op(
      "Einsum",
      shapes.map((shape, i) => b.input(`x${i}`, shape)),
      { equation },
    ),
  );
  expect(opsOf(rewrite(graph, expandEinsum))).toEqual(["Einsum"]);
});
