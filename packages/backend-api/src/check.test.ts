import { type Attrs, GraphEditor } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { checkGraph } from "./check.js";
import type { CompatRule, RuleCondition } from "./rules.js";

/** Whether a rule with `attrs` accepts a node that has `given`. */
function accepts(attrs: RuleCondition["attrs"], given: Attrs): boolean {
  const edit = new GraphEditor({ get: () => undefined, all: new Map() }, "g");
  edit.insert("Some", [edit.addInput("x", { dtype: "f32", shape: [1] })], given, { types: [{ dtype: "f32", shape: [1] }] });
  const rule: CompatRule = { id: "r", op: "*", units: ["cpu"], when: { attrs }, verdict: "native", reason: "-", source: "-" };
  return checkGraph("main", edit.graph, [rule])[0]?.rule === "r";
}

test("an attribute must have one of the values; null stands for its absence", () => {
  expect(accepts({ axis: [0, 1] }, { axis: 1 })).toBe(true);
  expect(accepts({ axis: [0, 1] }, { axis: 2 })).toBe(false);
  expect(accepts({ pads: [[0, 0], null] }, { pads: [0, 0] })).toBe(true);
  expect(accepts({ pads: [[0, 0], null] }, {})).toBe(true);
  expect(accepts({ pads: [[0, 0]] }, {})).toBe(false);
});

test("an attribute outside the safe integers is just another value", () => {
  expect(accepts({ end: [0] }, { end: 2n ** 63n - 1n })).toBe(false);
});
