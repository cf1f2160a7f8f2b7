import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { contentHash, memoryTensor, recordContentHash, type TensorData, windowsOf } from "./tensor-data.js";

const bytes = Uint8Array.from({ length: (1 << 20) * 2 + 3 }, (_, i) => i % 251);
const held = memoryTensor("u8", [bytes.length], bytes);
const asked: Uint8Array[] = [];
const filled: TensorData = {
  ...held,
  readInto(target, begin) {
    asked.push(target);
    target.set(bytes.subarray(begin, begin + target.byteLength));
  },
};

test.each([
  ["that makes its own buffers", held],
  ["that fills a given buffer", filled],
])("windows are the bytes in order, for a tensor %s", (_what, data) => {
  const parts = Array.from(windowsOf(data), (window) => window.slice());
  expect(parts.map((part) => part.byteLength)).toEqual([1 << 20, 1 << 20, 3]);
  expect(Buffer.compare(Buffer.concat(parts), bytes)).toBe(0);
});

test("one buffer serves all windows", () => {
  asked.length = 0;
  for (const window of windowsOf(filled)) expect(window.byteLength).toBeGreaterThan(0);
  expect(new Set(asked.map(({ buffer }) => buffer)).size).toBe(1);
});

test("a given buffer sets the length of windows, and is what they are in", () => {
  const buffer = new Uint8Array(1 << 19);
  const parts = Array.from(windowsOf(filled, buffer), (window) => (expect(window.buffer).toBe(buffer.buffer), window.slice()));
  expect(parts.map((part) => part.byteLength)).toEqual([1 << 19, 1 << 19, 1 << 19, 1 << 19, 3]);
  expect(Buffer.compare(Buffer.concat(parts), bytes)).toBe(0);
});

test("the content hash is that of all bytes, unless it was recorded", () => {
  expect(contentHash(filled)).toBe(createHash("sha256").update(bytes).digest("hex"));
  const other = { ...filled };
  recordContentHash(other, "recorded");
  expect(contentHash(other)).toBe("recorded");
});
