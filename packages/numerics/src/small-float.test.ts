import { expect, test } from "vitest";
import { e8m0ToNumber, numberToSmallFloat, type SmallFloat, smallFloatToNumber } from "./small-float.js";

const types: readonly SmallFloat[] = ["f8e4m3", "f8e4m3uz", "f8e5m2", "f8e5m2uz", "f4e2m1"];
const codesOf = (dtype: SmallFloat) => Array.from({ length: dtype === "f4e2m1" ? 16 : 256 }, (_, code) => code);

test("the landmarks of each type are those of its specification", () => {
  const value = (dtype: SmallFloat, ...codes: number[]) => codes.map((code) => smallFloatToNumber(dtype, code));
  expect(value("f8e4m3", 0x7e, 0x08, 0x01, 0x38, 0x7f, 0xff, 0x80)).toEqual([448, 2 ** -6, 2 ** -9, 1, Number.NaN, Number.NaN, -0]);
  expect(value("f8e4m3uz", 0x7f, 0x08, 0x01, 0x40, 0x80, 0xff)).toEqual([240, 2 ** -7, 2 ** -10, 1, Number.NaN, -240]);
  expect(value("f8e5m2", 0x7b, 0x7c, 0xfc, 0x7d, 0x01, 0x3c)).toEqual([
    57344,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    2 ** -16,
    1,
  ]);
  expect(value("f8e5m2uz", 0x7f, 0x80, 0x01, 0x40)).toEqual([57344, Number.NaN, 2 ** -17, 1]);
  expect(value("f4e2m1", 0, 1, 2, 3, 4, 5, 6, 7, 8, 15)).toEqual([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -6]);
  expect([0, 127, 254, 255].map(e8m0ToNumber)).toEqual([2 ** -127, 1, 2 ** 127, Number.NaN]);
});

test.each(types)("every code of %s but a NaN survives decoding and encoding", (dtype) => {
  const wrong = codesOf(dtype).filter((code) => {
    const value = smallFloatToNumber(dtype, code);
    return !Number.isNaN(value) && numberToSmallFloat(dtype, value, "special") !== code;
  });
  expect(wrong).toEqual([]);
});

test.each(types)("midpoints of %s round to the even code", (dtype) => {
  const finite = codesOf(dtype).filter((code) => Number.isFinite(smallFloatToNumber(dtype, code)));
  const positive = finite.filter((code) => code < (dtype === "f4e2m1" ? 8 : 128));
  const wrong = positive.slice(1).filter((code) => {
    const middle = (smallFloatToNumber(dtype, code - 1) + smallFloatToNumber(dtype, code)) / 2;
    return numberToSmallFloat(dtype, middle) !== (code % 2 === 0 ? code : code - 1);
  });
  expect(wrong).toEqual([]);
});

test("overflow saturates or becomes the type's special value; NaN stays NaN", () => {
  const encoded = (value: number, overflow?: "special") => types.map((dtype) => numberToSmallFloat(dtype, value, overflow));
  expect(encoded(1e6)).toEqual([0x7e, 0x7f, 0x7b, 0x7f, 7]);
  expect(encoded(-1e6)).toEqual([0xfe, 0xff, 0xfb, 0xff, 15]);
  expect(encoded(Number.POSITIVE_INFINITY)).toEqual([0x7e, 0x7f, 0x7b, 0x7f, 7]);
  expect(encoded(1e6, "special")).toEqual([0x7f, 0x80, 0x7c, 0x80, 7]);
  expect(encoded(Number.NaN)).toEqual([0x7f, 0x80, 0x7f, 0x80, 0]);
  expect(numberToSmallFloat("f8e4m3", 464)).toBe(0x7e);
  expect(numberToSmallFloat("f8e4m3", 464.1, "special")).toBe(0x7f);
  expect(numberToSmallFloat("f8e4m3uz", -0)).toBe(0);
});
