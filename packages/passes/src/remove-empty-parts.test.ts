import { expect, test } from "vitest";
import { builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { removeEmptyParts } from "./remove-empty-parts.js";
import { removeIdentity } from "./remove-identity.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();

test("what is empty along the axis is left out", async () => {
  const b = builder();
  const [x, z] = [b.input("x", [2, "n", 4]), b.input("z", [2, "n", 3])];
  const rest = b.op("Slice", [x, b.ints(4), b.ints(99), b.ints(-1)]);
  const graph = b.finish(b.op("Concat", [x, rest, z], { axis: -1 }));
  await engine.expectSame(graph, removeEmptyParts, ["Concat"]);
});

test("one part that is left is the result", () => {
  const b = builder();
  const x = b.op("Neg", [b.input("x", [2, 4])]);
  const graph = b.finish(b.op("Neg", [b.op("Concat", [b.op("Slice", [x, b.ints(4), b.ints(99), b.ints(1)]), x], { axis: 1 })]));
  expect(opsOf(rewrite(graph, removeEmptyParts, removeIdentity))).toEqual(["Neg", "Neg"]);
});

test("a Concat stays when no part is known to be empty, or all are", () => {
  const b = builder();
  const [x, empty] = [b.input("x", ["n", 4]), b.input("e", [0, 4])];
  const graph = b.finish(b.op("Concat", [x, x], { axis: 0 }), b.op("Concat", [empty, empty], { axis: 0 }));
  expect(rewrite(graph, removeEmptyParts).nodes.map(({ inputs }) => inputs.length)).toEqual([2, 2]);
});
