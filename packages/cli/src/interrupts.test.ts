import { expect, test } from "vitest";
import { interruptHandler } from "./interrupts.js";

test("the first interrupt aborts, one passed on by other programs does nothing more, a later one ends the process", () => {
  const abort = new AbortController();
  let [time, kills] = [5000, 0];
  const interrupt = interruptHandler(abort, { now: () => time, kill: () => (kills += 1) });
  expect(abort.signal.aborted).toBe(false);
  interrupt();
  time += 200;
  interrupt();
  expect([abort.signal.aborted, kills]).toEqual([true, 0]);
  time += 900;
  interrupt();
  expect(kills).toBe(1);
});
