import * as fc from "fast-check";
import { elementCount, memoryTensor } from "@vlm-export/ir";
import { f16ToNumber, type IntegerType, integerRange, pack } from "@vlm-export/numerics";
import { expect, test } from "vitest";
import { floatsOf, zeroPointsOf } from "./decode-numbers.js";

test.each<IntegerType>(["i2", "u2", "i4", "u4", "i8", "u8", "i16", "u16", "i32"])(
  "%s zero points come back from their bytes",
  (storage) => {
    const [min, max] = integerRange(storage, "wide");
    fc.assert(
      fc.property(fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 40 }), (numbers) => {
        const data = memoryTensor(storage, [numbers.length], pack(numbers, storage));
        expect(zeroPointsOf(data)).toEqual(numbers.every((number) => number === 0) ? [] : numbers);
      }),
    );
  },
);

test.each([100, 1 << 16])("%i half-precision scales are widened exactly", (count) => {
  const bits = Uint16Array.from({ length: count }, (_, i) => (i * 257) & 0x7bff);
  const scale = memoryTensor("f16", [count], new Uint8Array(bits.buffer));
  const numbers = floatsOf("model.onnx", scale);
  expect(numbers.length).toBe(elementCount(scale.shape));
  expect(numbers).toEqual(Float32Array.from(bits, f16ToNumber));
});

test("bfloat16 scales are the upper halves of float32", () => {
  expect(floatsOf("model.onnx", memoryTensor("bf16", [2], Uint8Array.of(0xc0, 0x3f, 0x80, 0xbe)))).toEqual(Float32Array.of(1.5, -0.25));
});

test("a scale of integers is malformed", () => {
  expect(() => floatsOf("model.onnx", memoryTensor("i8", [1], Uint8Array.of(1)))).toThrow("a scale has type i8");
});
