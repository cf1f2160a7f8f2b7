import { expect, test } from "vitest";
import { mapLimited } from "./map-limited.js";

test("no more than the limit runs at one time, in order of the items", async () => {
  let [running, most] = [0, 0];
  const started: number[] = [];
  await mapLimited([1, 2, 3, 4, 5], 2, async (item) => {
    started.push(item);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running -= 1;
  });
  expect(started).toEqual([1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});

test("the first failure rejects and nothing new is started", async () => {
  const started: number[] = [];
  const work = mapLimited([1, 2, 3, 4, 5], 1, (item) => {
    started.push(item);
    return item === 2 ? Promise.reject(new Error("two")) : Promise.resolve();
  });
  await expect(work).rejects.toThrow("two");
  expect(started).toEqual([1, 2]);
});
