import { expect, test } from "vitest";
import { bf16ToF32Bits, bf16ToNumber, f32BitsToBf16, numberToBf16 } from "./bfloat16.js";
import { createKernels } from "./create-kernels.js";
import { f16ToF32Bits, f16ToNumber, f32BitsToF16, numberToF16 } from "./float16.js";
import { bitsToFloat } from "./float-bits.js";
import { widen } from "./widen.js";

const everyCode = Uint16Array.from({ length: 65536 }, (_, code) => code);
const kernels = createKernels();

/** The value of binary16 bits by IEEE 754: (-1)^s · 2^(e−15) · 1.m, subnormals 2^-14 · 0.m. */
function definition(code: number): number {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 31;
  const fraction = (code & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? 2 ** -14 * fraction : 2 ** (exponent - 15) * (1 + fraction));
}

test("all 65536 f16 codes widen to their IEEE value, in both implementations", () => {
  const widened = kernels.toFloat32({ dtype: "f16", bits: everyCode });
  const bits = new Uint32Array(widened.buffer);
  const wrong = Array.from(everyCode).filter(
    (code) => !Object.is(f16ToNumber(code), definition(code)) || bits[code] !== f16ToF32Bits(code),
  );
  expect(wrong).toEqual([]);
});

test("all f16 and bf16 codes survive the way to f32 and back; signalling NaN become quiet", () => {
  const quiet = (code: number, infinity: number, bit: number) => ((code & 0x7fff) > infinity ? code | bit : code);
  const wrong = Array.from(everyCode).filter((code) => {
    return (
      f32BitsToF16(f16ToF32Bits(code)) !== quiet(code, 0x7c00, 0x200) || f32BitsToBf16(bf16ToF32Bits(code)) !== quiet(code, 0x7f80, 0x40)
    );
  });
  expect(wrong).toEqual([]);
  for (const dtype of ["f16", "bf16"] as const) {
    const [infinity, bit] = dtype === "f16" ? [0x7c00, 0x200] : [0x7f80, 0x40];
    const back = kernels.toHalf(kernels.toFloat32({ dtype, bits: everyCode }), dtype);
    expect(Buffer.compare(Buffer.from(back.buffer), Buffer.from(everyCode.map((code) => quiet(code, infinity, bit)).buffer))).toBe(0);
  }
});

test("the midpoint of every two neighbouring codes rounds to the even one, its neighbours to the nearer one", () => {
  const wrong: number[] = [];
  for (const [widen, narrow, last] of [
    [f16ToF32Bits, f32BitsToF16, 0x7bff],
    [bf16ToF32Bits, f32BitsToBf16, 0x7f7f],
  ] as const) {
    for (let code = 0; code < last; code += 1) {
      const [low, high] = [bitsToFloat(widen(code)), bitsToFloat(widen(code + 1))];
      const middle = new Uint32Array(Float32Array.of((low + high) / 2).buffer)[0] as number;
      const even = code % 2 === 0 ? code : code + 1;
      if (narrow(middle) !== even || narrow(middle - 1) !== code || narrow(middle + 1) !== code + 1) wrong.push(code);
      if (narrow(middle + 0x80000000) !== even + 0x8000) wrong.push(code);
    }
  }
  expect(wrong).toEqual([]);
});

test("overflow goes to infinity, from 65520 on for f16", () => {
  expect([65504, 65519.9, 65520, -65520, 1e30].map(numberToF16)).toEqual([0x7bff, 0x7bff, 0x7c00, 0xfc00, 0x7c00]);
  expect([3.3895314e38, 3.4e38, -3.4028235e38].map(numberToBf16)).toEqual([0x7f7f, 0x7f80, 0xff80]);
  expect(bf16ToNumber(0x7f7f)).toBe((2 - 2 ** -7) * 2 ** 127);
});

test.each([
  ["f16", f16ToF32Bits],
  ["bf16", bf16ToF32Bits],
] as const)("every %s pattern is widened to its bits, also where it lies in the upper half of the result", (dtype, toBits) => {
  const expected = Uint32Array.from(everyCode, toBits);
  const out = new Float32Array(everyCode.length);
  const upper = new Uint16Array(out.buffer, out.byteLength / 2);
  upper.set(everyCode);
  for (const wide of [widen(everyCode, dtype), widen(upper, dtype, out)]) expect(new Uint32Array(wide.buffer)).toEqual(expected);
});
