import { expect, test } from "vitest";
import { createSharedMemory } from "./shared-memory.js";

test("a buffer that was given back serves the next smaller request, the smallest that fits first", () => {
  const memory = createSharedMemory();
  const [small, large] = [memory.take(8), memory.take(64)];
  memory.give(large);
  memory.give(small);
  expect(memory.take(8)).toBe(small);
  expect(memory.take(8)).toBe(large);
});

test("a buffer that is too small makes room for a larger one", () => {
  const memory = createSharedMemory();
  const small = memory.take(8);
  memory.give(small);
  const large = memory.take(9);
  expect(large.byteLength).toBe(9);
  expect(memory.take(8)).not.toBe(small);
});
