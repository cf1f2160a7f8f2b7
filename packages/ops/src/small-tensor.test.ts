import type { DType } from "@vlm-export/ir";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bigintsOf, numbersOf, reshaped, tensorOf, tensorOfBigints, zeroTensor } from "./small-tensor.js";
import { stridedIndices, stridesOf, stringsOf, stringTensor, take, takeFrom } from "./take.js";

const ranges: readonly (readonly [DType, number, number])[] = [
  ["i2", -2, 1],
  ["u2", 0, 3],
  ["i4", -8, 7],
  ["u4", 0, 15],
  ["i8", -128, 127],
  ["u8", 0, 255],
  ["i16", -32768, 32767],
  ["u16", 0, 65535],
  ["i32", -(2 ** 31), 2 ** 31 - 1],
  ["u32", 0, 2 ** 32 - 1],
  ["i64", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ["u64", 0, Number.MAX_SAFE_INTEGER],
  ["f16", -2048, 2048],
  ["bf16", -256, 256],
  ["f32", -(2 ** 24), 2 ** 24],
  ["f64", -(2 ** 53), 2 ** 53],
  ["f8e4m3", -16, 16],
  ["f8e5m2", -8, 8],
  ["f4e2m1", 0, 1],
  ["bool", 0, 1],
];

test.each(ranges)("%s keeps the integers from %i to %i", (dtype, min, max) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min, max }), { maxLength: 9 }), (values) => {
      expect(Array.from(numbersOf(tensorOf(dtype, [values.length], values)), (x) => x + 0)).toEqual(values.map((x) => x + 0));
    }),
  );
});

test("64-bit integers are exact and wrap around", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), { maxLength: 5 }), (values) => {
      expect(Array.from(bigintsOf(tensorOfBigints("i64", [values.length], values)))).toEqual(values.map((x) => BigInt.asIntN(64, x)));
      expect(Array.from(bigintsOf(tensorOfBigints("u64", [values.length], values)))).toEqual(values.map((x) => BigInt.asUintN(64, x)));
      expect(Array.from(bigintsOf(tensorOfBigints("i8", [values.length], values)))).toEqual(values.map((x) => BigInt.asIntN(8, x)));
    }),
  );
});

test("taking every element in order gives the same bytes, for every element type", () => {
  for (const [dtype, , max] of ranges) {
    const data = tensorOf(dtype, [3, 3], [0, 1, 0, 1, max, 0, 1, 1, max]);
    expect([
      dtype,
      take(
        data,
        [9],
        Array.from({ length: 9 }, (_, i) => i),
      ).bytes(),
    ]).toEqual([dtype, data.bytes()]);
  }
});

test("index −1 takes zero bits or the fill element", () => {
  const data = tensorOf("f32", [2], [1.5, 2.5]);
  expect(Array.from(numbersOf(take(data, [3], [1, -1, 0])))).toEqual([2.5, 0, 1.5]);
  expect(Array.from(numbersOf(take(data, [2], [-1, 0], tensorOf("f32", [1], [7]))))).toEqual([7, 1.5]);
});

test("16-byte elements and strings move whole", () => {
  const complex = {
    ...zeroTensor("c128", [2]),
    bytes: (begin = 0, end = 32) => Uint8Array.from({ length: 32 }, (_, i) => i).subarray(begin, end),
  };
  expect(Array.from(take(complex, [1], [1]).bytes())).toEqual(Array.from({ length: 16 }, (_, i) => i + 16));
  const encoder = new TextEncoder();
  const texts = stringTensor([2], [encoder.encode("ä"), encoder.encode("")]);
  expect(stringsOf(takeFrom([texts], [3], { source: () => 0, index: (k) => k % 2 })).map((text) => text.length)).toEqual([2, 0, 2]);
});

test("string bytes whose lengths do not add up are refused", () => {
  const broken = { dtype: "string" as const, shape: [2], byteLength: 5, bytes: () => Uint8Array.from([9, 0, 0, 0, 65]) };
  expect(() => stringsOf(broken)).toThrow("element 0 of 2 ends beyond its 5 bytes");
});

test("strided indices are the dot product of position and strides", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }), fc.integer({ min: 0, max: 9 }), (shape, offset) => {
      const count = shape.reduce((a, b) => a * b, 1);
      expect(Array.from(stridedIndices(shape, stridesOf(shape), offset))).toEqual(Array.from({ length: count }, (_, i) => i + offset));
    }),
  );
});

test("a reshaped tensor shares the bytes", () => {
  const data = tensorOf("i32", [4], [1, 2, 3, 4]);
  expect(reshaped(data, [2, 2]).bytes()).toEqual(data.bytes());
});
