import { roundHalfEven } from "./round.js";
import { bitsToFloat, floatToBits } from "./float-bits.js";

/** f32 bits of the value that the IEEE binary16 bits `half` stand for; exact, NaN payloads are kept. */
export function f16ToF32Bits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 31) return (sign | 0x7f800000 | (mantissa << 13)) >>> 0;
  if (exponent > 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
  if (mantissa === 0) return sign >>> 0;
  const shift = Math.clz32(mantissa) - 21; // moves the leading one of a subnormal to the place of the hidden bit
  return (sign | ((113 - shift) << 23) | ((mantissa << (13 + shift)) & 0x7fffff)) >>> 0;
}

/**
 * binary16 bits nearest to the f32 with the given bits: half to even, overflow from 65520 on to infinity, subnormals kept.
 * A NaN keeps its sign and the top 10 payload bits and becomes quiet.
 */
export function f32BitsToF16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  if (magnitude <= 0x33000000) return sign; // up to 2^-25, half of the smallest subnormal
  return sign | roundHalfEven(bitsToFloat(magnitude) * 2 ** 24);
}

/** The number that binary16 bits stand for. */
export function f16ToNumber(half: number): number {
  return bitsToFloat(f16ToF32Bits(half));
}

/** binary16 bits nearest to `value` after rounding it to f32. */
export function numberToF16(value: number): number {
  return f32BitsToF16(floatToBits(value));
}
