import type { Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { builder } from "./graphs.fixture.js";
import { repeatsPairs } from "./rotary-angles.js";

test("angles written twice are recognized behind however many nodes that change each alike", () => {
  const b = builder();
  const angles = b.input("angles", ["s", 4]);
  let [twice, once] = [b.op("Concat", [angles, angles], { axis: -1 }), b.input("other", ["s", 8])];
  const negated = (value: Value): Value => b.edit.insert("Neg", [value])[0] as Value;
  for (let i = 0; i < 20_000; i += 1) [twice, once] = [negated(twice), negated(once)];
  expect([repeatsPairs(twice, "halves"), repeatsPairs(twice, "interleaved"), repeatsPairs(once, "halves")]).toEqual([true, false, false]);
});
