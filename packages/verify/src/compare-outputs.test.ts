import { f32Tensor, memoryTensor, type TensorData } from "@vlm-export/ir";
import { createOracleKernels, numberToF16 } from "@vlm-export/numerics";
import { describe, expect, test } from "vitest";
import { NumericComparison, type NumericError, toFloats } from "./compare-outputs.js";

function compared(...pairs: readonly (readonly [TensorData, TensorData])[]): NumericError {
  const comparison = new NumericComparison(createOracleKernels());
  for (const [float, quantized] of pairs) comparison.add(float, quantized);
  return comparison.result();
}

const f32 = (...values: readonly number[]): TensorData => f32Tensor(values, [values.length]);
const f16 = (...values: readonly number[]): TensorData =>
  memoryTensor("f16", [values.length], new Uint8Array(Uint16Array.from(values, numberToF16).buffer));
const text = (letter: string): TensorData => {
  const bytes = Uint8Array.of(1, 0, 0, 0, letter.charCodeAt(0));
  return { dtype: "string", shape: [1], byteLength: 5, bytes: () => bytes };
};
const LARGEST = 3.4028234663852886e38;

test("errors are summed over pairs", () => {
  const result = compared([f32(3, 0), f32(3, 0)], [f32(0, 4), f32(0, 5)]);
  expect(result).toMatchObject({ maxAbsError: 1, elements: 4, nonFinite: 0 });
  expect(result.cosine).toBeCloseTo((9 + 20) / (5 * Math.sqrt(34)), 12);
  expect(result.sqnrDb).toBeCloseTo(10 * Math.log10(25), 12);
});

test("a cosine is never beyond 1", () => {
  const cosines = Array.from({ length: 500 }, (_, n) => {
    const values = [Math.sin(n), Math.sin(n + 1), Math.sin(n + 2)];
    return compared([f32(...values), f32(...values.map((value) => 2 * value))]).cosine;
  });
  expect(Math.max(...cosines)).toBe(1);
  expect(Math.min(...cosines)).toBeCloseTo(1, 9);
});

test("16-bit floats and integers are compared as the numbers that they are", () => {
  expect(compared([f16(1, 2), f16(1, 2.5)])).toMatchObject({ maxAbsError: 0.5, elements: 2 });
  expect(compared([f16(1, 2), f32(1, 2.5)])).toMatchObject({ maxAbsError: 0.5, elements: 2 });
  expect([...toFloats(memoryTensor("bf16", [1], Uint8Array.of(0xc0, 0x3f)))!]).toEqual([1.5]);
  expect([...toFloats(memoryTensor("i64", [1], new Uint8Array(BigInt64Array.of(-3n).buffer)))!]).toEqual([-3]);
});

describe("what cannot be subtracted is as wrong as can be, never equal", () => {
  test.each([
    ["NaN for a number", f32(1, 2), f32(1, Number.NaN)],
    ["only NaN", f32(1, 2), f32(Number.NaN, Number.NaN)],
    ["an infinity for a number", f32(1, 2), f32(1, Number.POSITIVE_INFINITY)],
    ["the other infinity", f32(1, Number.NEGATIVE_INFINITY), f32(1, Number.POSITIVE_INFINITY)],
    ["other text", text("A"), text("B")],
  ])("%s", (_, float, quantized) => {
    const { cosine, sqnrDb, maxAbsError } = compared([float, quantized]);
    expect(Math.abs(cosine)).toBeLessThan(1e-6);
    expect(sqnrDb).toBeLessThan(-700);
    expect(maxAbsError).toBe(LARGEST);
  });
});

test("a missing output is as wrong as can be", () => {
  const comparison = new NumericComparison(createOracleKernels());
  comparison.addMissing(f32(1, 2));
  expect(comparison.result()).toMatchObject({ cosine: 0, maxAbsError: LARGEST });
});

test("tensors of other sizes are not paired: their elements count against 0, and the first shapes are kept", () => {
  const result = compared([f32(1, 2), f32(1, 2)], [f32(3), f32(3, 4)], [f32(), f32(5)]);
  expect(result).toMatchObject({ maxAbsError: 5, otherShapes: { pairs: 2, float: [1], quantized: [2] } });
  expect(result.cosine).toBeCloseTo(5 / (Math.sqrt(14) * Math.sqrt(55)), 12);
  expect(result.sqnrDb).toBeCloseTo(10 * Math.log10(14 / (9 + 25 + 25)), 12);
});

test("the same infinity, NaN or text on both sides is no error", () => {
  const odd = f32(1, Number.NEGATIVE_INFINITY, Number.NaN);
  expect(compared([odd, odd], [text("A"), text("A")])).toEqual({
    cosine: 1,
    sqnrDb: Number.POSITIVE_INFINITY,
    maxAbsError: 0,
    elements: 4,
    nonFinite: 2,
  });
});
