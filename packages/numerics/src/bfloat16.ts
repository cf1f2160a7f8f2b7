import { bitsToFloat, floatToBits } from "./float-bits.js";

/** f32 bits of the value that bfloat16 bits stand for; exact. */
export function bf16ToF32Bits(bits: number): number {
  return (bits << 16) >>> 0;
}

/** bfloat16 bits nearest to the f32 with the given bits, half to even. A NaN keeps sign and top payload bits and becomes quiet. */
export function f32BitsToBf16(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number that bfloat16 bits stand for. */
export function bf16ToNumber(bits: number): number {
  return bitsToFloat(bf16ToF32Bits(bits));
}

/** bfloat16 bits nearest to `value` after rounding it to f32. */
export function numberToBf16(value: number): number {
  return f32BitsToBf16(floatToBits(value));
}
