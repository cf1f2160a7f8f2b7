import { expect, test } from "vitest";
import { builder } from "./graphs.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

test("chains that nobody reads go with their constants; inputs stay", () => {
  const b = builder();
  const [x, unused] = [b.input("x", [2]), b.input("unused", [2])];
  b.op("Exp", [b.op("Mul", [unused, 3])]);
  const after = rewrite(b.finish(b.op("Abs", [x])));
  expect(opsOf(after)).toEqual(["Abs"]);
  expect(after.constants).toEqual([]);
  expect(after.inputs.map(({ name }) => name)).toEqual(["x", "unused"]);
});

test("a node stays while any of its outputs is read", () => {
  const b = builder();
  const [, second] = b.ops("Split", [b.input("x", [4])], { num_outputs: 2 }, 2);
  expect(opsOf(rewrite(b.finish(second as NonNullable<typeof second>)))).toEqual(["Split"]);
});

test("a constant that is a graph output stays", () => {
  const b = builder();
  expect(rewrite(b.finish(b.random(2))).constants.length).toBe(1);
});
