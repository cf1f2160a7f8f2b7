import { IR_OPSET, operatorAt, operatorVersions, standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { formDifference, OLDEST_OPSET } from "./forms.js";
import { RULES, ruleFor } from "./rules.js";

const OPSETS = Array.from({ length: IR_OPSET - OLDEST_OPSET + 1 }, (_, i) => OLDEST_OPSET + i);

test("every registered operator can be read from every opset: its form did not change, or a rule upgrades it", () => {
  const stuck = [...standardOps().all.keys()].flatMap((op) => {
    const pinned = operatorAt(op, IR_OPSET);
    return OPSETS.flatMap((opset) => {
      const version = operatorAt(op, opset);
      const why = version && pinned && !ruleFor({ op, domain: "", opset }) ? formDifference(version, pinned) : undefined;
      return why === undefined ? [] : [`${op} at opset ${opset} ${why}`];
    });
  });
  expect(stuck).toEqual([]);
});

test("operators that ended have a rule, whatever the opset", () => {
  for (const op of ["Upsample", "Scatter"]) {
    expect(operatorVersions(op).at(-1)?.deprecated).toBe(true);
    for (const opset of OPSETS) expect(ruleFor({ op, domain: "", opset })).toBeDefined();
  }
});

test("an operator has at most one rule", () => {
  const names = RULES.map(({ domain, op }) => `${domain}::${op}`);
  expect(new Set(names).size).toBe(names.length);
});

test("a rule ends at the opset from which on the form is the pinned one", () => {
  for (const { op, domain, below } of RULES) {
    if (domain !== "" || below === undefined) continue;
    const [from, pinned] = [operatorAt(op, below), operatorAt(op, IR_OPSET)];
    expect(from && pinned ? formDifference(from, pinned) : `${op} is not there`, `${op} from ${below}`).toBeUndefined();
  }
});
