import { expect, test } from "vitest";
import { floatsFromBytes, standalone } from "./floats.js";
import { blockView, channelView, elementCountOf, scaleCountOf, scaleIndexOf, tensorView } from "./view.js";

test("scale indices follow the data's shape with the axis divided", () => {
  const indices = (view: ReturnType<typeof tensorView>) => Array.from({ length: elementCountOf(view) }, (_, i) => scaleIndexOf(view, i));
  expect(indices(tensorView(3))).toEqual([0, 0, 0]);
  expect(indices(channelView([2, 3], 1))).toEqual([0, 1, 2, 0, 1, 2]);
  expect(indices(channelView([2, 2, 2], 0))).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  expect(indices(blockView([2, 3], 1, 2))).toEqual([0, 0, 1, 2, 2, 3]);
  expect(indices(blockView([3, 2], 0, 2))).toEqual([0, 1, 0, 1, 2, 3]);
});

test("counts of scales, also of empty tensors", () => {
  expect(scaleCountOf(blockView([4, 33, 5], 1, 32))).toBe(40);
  expect(scaleCountOf(blockView([0, 64], 1, 32))).toBe(0);
  expect(scaleCountOf(tensorView(0))).toBe(1);
  expect(scaleCountOf(channelView([7, 0], 0))).toBe(7);
});

test("a malformed view is named", () => {
  expect(() => channelView([2, 3], 2)).toThrow('"axis":2');
  expect(() => blockView([2, 3], 1, 0)).toThrow("blockSize of at least 1");
  expect(() => tensorView(1.5)).toThrow("is malformed");
});

test("floats over file bytes share aligned memory and copy the rest", () => {
  const bytes = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
  expect(floatsFromBytes(bytes, "f32")).toEqual(Float32Array.of(1, 2, 3));
  expect(floatsFromBytes(bytes.subarray(4), "f32")).toEqual(Float32Array.of(2, 3));
  const shifted = new Uint8Array(13);
  shifted.set(bytes, 1);
  expect(floatsFromBytes(shifted.subarray(1), "f32")).toEqual(Float32Array.of(1, 2, 3));
  expect(floatsFromBytes(shifted.subarray(1, 3), "bf16")).toEqual({ dtype: "bf16", bits: Uint16Array.of(0) });
});

test("what is posted to a thread is no part of a larger buffer", () => {
  const x = new Float32Array(100);
  expect(standalone(x)).toBe(x);
  expect((standalone(x.subarray(5, 9)) as Float32Array).buffer.byteLength).toBe(16);
  const half = standalone({ dtype: "f16", bits: new Uint16Array(8).subarray(1, 3) }) as { bits: Uint16Array };
  expect(half.bits.buffer.byteLength).toBe(4);
});
