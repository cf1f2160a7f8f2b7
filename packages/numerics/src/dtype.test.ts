import { expect, test } from "vitest";
import { bitsOf, byteLengthOf, dtypes, integerRange, isDType, isFloat, isInteger, isSigned } from "./dtype.js";

test("sizes of packed tensors round up to whole bytes", () => {
  expect([
    byteLengthOf("i4", 3),
    byteLengthOf("u2", 5),
    byteLengthOf("c128", 2),
    byteLengthOf("bool", 3),
    byteLengthOf("f4e2m1", 0),
  ]).toEqual([2, 2, 32, 3, 0]);
});

test("ranges are the codes of the type; narrow ones are symmetric around the middle", () => {
  expect(integerRange("i8")).toEqual([-128, 127]);
  expect(integerRange("i4", "narrow")).toEqual([-7, 7]);
  expect(integerRange("u8")).toEqual([0, 255]);
  expect(integerRange("u8", "narrow")).toEqual([1, 255]);
  expect(integerRange("i2", "narrow")).toEqual([-1, 1]);
  expect(integerRange("u32")).toEqual([0, 2 ** 32 - 1]);
});

test("a type without an integer range says so", () => {
  expect(() => integerRange("f16")).toThrow("f16 is not an integer type");
  expect(() => integerRange("bool")).toThrow("bool is not an integer type");
});

test("every type is of one kind, and its name tells its bits", () => {
  for (const dtype of dtypes.keys()) {
    expect(isDType(dtype)).toBe(true);
    expect(isFloat(dtype) && isInteger(dtype)).toBe(false);
    const named = Number(/\d+/.exec(dtype)?.[0] ?? 8);
    expect(bitsOf(dtype)).toBe(named);
  }
  expect([isSigned("u4"), isSigned("i4"), isSigned("bf16"), isSigned("f8e8m0")]).toEqual([false, true, true, false]);
  expect(isDType("__proto__")).toBe(false);
});
