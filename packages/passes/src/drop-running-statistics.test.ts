import { expect, test } from "vitest";
import { dropRunningStatistics } from "./drop-running-statistics.js";
import { builder } from "./graphs.fixture.js";
import { onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();

/** A BatchNormalization whose running mean comes from its input. */
function normalized(training: 0 | 1, outputs: 1 | 3) {
  const b = builder();
  const x = b.input("x", [2, 3, 4]);
  const mean = b.op("ReduceMean", [x, b.ints(0, 2)], { keepdims: 0 });
  const operands = [x, b.random(3), b.random(3), mean, b.constant([1, 2, 3], [3])];
  const results = b.ops("BatchNormalization", operands, { training_mode: training }, training === 1 ? 3 : 1);
  return b.finish(...results.slice(0, outputs));
}

test("what only unread running statistics depend on is dead", async () => {
  const after = await engine.expectSame(normalized(1, 1), dropRunningStatistics, ["BatchNormalization"]);
  expect(after.constants).toHaveLength(4);
});

test("statistics that are read, or used, stay", () => {
  expect(opsOf(rewrite(normalized(1, 3), dropRunningStatistics))).toEqual(["ReduceMean", "BatchNormalization"]);
  expect(opsOf(rewrite(normalized(0, 1), dropRunningStatistics))).toEqual(["ReduceMean", "BatchNormalization"]);
});
