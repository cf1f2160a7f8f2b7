import { expect, test } from "vitest";
import { memoryTensor } from "./tensor-data.js";
import { sameBytes } from "./same-bytes.js";

test("bytes are compared to the last one, types and shapes are not", () => {
  const [size, last] = [(8 << 20) + 3, (8 << 20) + 2];
  const [a, b] = [new Uint8Array(size).fill(7), new Uint8Array(size).fill(7)];
  expect(sameBytes(memoryTensor("u8", [size], a), memoryTensor("i8", [1, size], b))).toBe(true);
  b[last] = 8;
  expect(sameBytes(memoryTensor("u8", [size], a), memoryTensor("u8", [size], b))).toBe(false);
  expect(sameBytes(memoryTensor("u8", [2], a.subarray(0, 2)), memoryTensor("u8", [3], a.subarray(0, 3)))).toBe(false);
});
