import { bf16ToNumber, f16ToNumber, numberToBf16, numberToF16 } from "@vlm-export/numerics";
import { expect, test } from "vitest";
import { isFloat, LARGEST_FINITE, BITS, type DType } from "./dtype.js";

test("the largest finite number of a float type is held exactly, and the next power of two is not", () => {
  const rounds = {
    f64: (x: number) => x,
    f32: Math.fround,
    bf16: (x: number) => bf16ToNumber(numberToBf16(x)),
    f16: (x: number) => f16ToNumber(numberToF16(x)),
  } as const;
  for (const [dtype, round] of Object.entries(rounds)) {
    const largest = LARGEST_FINITE[dtype as keyof typeof rounds];
    expect(round(largest)).toBe(largest);
    expect(round(2 ** (Math.floor(Math.log2(largest)) + 1))).toBe(Number.POSITIVE_INFINITY);
  }
});

test("exactly the float types have a largest finite number", () => {
  const types = Object.keys(BITS) as DType[];
  expect(types.filter((dtype) => LARGEST_FINITE[dtype] !== undefined)).toEqual(types.filter(isFloat));
});
