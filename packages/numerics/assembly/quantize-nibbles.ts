import { ROUNDING, ROUNDING_BITS } from "./steps";

/**
 * 4-bit codes q = clamp(roundHalfEven(x / scale) + zeroPoint, qmin, qmax), packed two to a byte, the first in the low nibble. For quotients
 * below 2^22 in magnitude. `signed` is 1 for codes in [-8, 7] and 0 for [0, 15]; `zeroPoints` is 0 when there are none.
 * Here for `runs` stretches of `runLength` floats, a multiple of 32, with one scale each.
 */
export function nibbleRuns(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, qmin: i32, qmax: i32, signed: i32): void {
  const offset = signed << 3;
  const lo = i16x8.splat(<i16>(qmin + offset));
  const hi = i16x8.splat(<i16>(qmax + offset));
  const signs = i8x16.splat(<i8>(signed * 0x88));
  for (let run: i32 = 0; run < runs; run++) {
    const scale = v128.load32_splat(scales);
    let bias = i32x4.splat(ROUNDING_BITS - offset);
    if (zeroPoints) {
      bias = i32x4.sub(bias, v128.load32_splat(zeroPoints));
      zeroPoints += 4;
    }
    for (let i: i32 = 0; i < runLength; i += 32) {
      const a = codes8(quotient(src, scale), quotient(src + 16, scale), bias, bias, lo, hi);
      const b = codes8(quotient(src + 32, scale), quotient(src + 48, scale), bias, bias, lo, hi);
      const c = codes8(quotient(src + 64, scale), quotient(src + 80, scale), bias, bias, lo, hi);
      const d = codes8(quotient(src + 96, scale), quotient(src + 112, scale), bias, bias, lo, hi);
      v128.store(dst, v128.xor(i8x16.narrow_i16x8_u(joined(a, b), joined(c, d)), signs));
      src += 128;
      dst += 16;
    }
    scales += 4;
  }
}

/** As nibbleRuns for `rows` rows of `width` floats, a multiple of 32: row r uses the scale row floor(r / rowsPerScale), one per column. */
export function nibbleRows(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize, qmin: i32, qmax: i32, signed: i32): void {
  const offset = signed << 3;
  const lo = i16x8.splat(<i16>(qmin + offset));
  const hi = i16x8.splat(<i16>(qmax + offset));
  const signs = i8x16.splat(<i8>(signed * 0x88));
  const bias = i32x4.splat(ROUNDING_BITS - offset);
  const scaleBytes = <usize>width << 2;
  let rowOfScale: i32 = 0;
  for (let row: i32 = 0; row < rows; row++) {
    for (let at: usize = 0; at < scaleBytes; at += 128) {
      const a = columns8(src, scales + at, zeroPoints, at, bias, lo, hi);
      const b = columns8(src + 32, scales + at + 32, zeroPoints, at + 32, bias, lo, hi);
      const c = columns8(src + 64, scales + at + 64, zeroPoints, at + 64, bias, lo, hi);
      const d = columns8(src + 96, scales + at + 96, zeroPoints, at + 96, bias, lo, hi);
      v128.store(dst, v128.xor(i8x16.narrow_i16x8_u(joined(a, b), joined(c, d)), signs));
      src += 128;
      dst += 16;
    }
    if (++rowOfScale == rowsPerScale) {
      rowOfScale = 0;
      scales += scaleBytes;
      if (zeroPoints) zeroPoints += scaleBytes;
    }
  }
}

/** 1 when one of `count` magnitudes is `limit` or more, infinite or NaN. */
export function reaches(magnitudes: usize, count: i32, limit: f32): i32 {
  const bits = reinterpret<i32>(limit);
  let largest = i32x4.splat(0);
  let i: i32 = 0;
  for (; i <= count - 4; i += 4) largest = i32x4.max_s(largest, v128.load(magnitudes + (<usize>i << 2)));
  if (v128.any_true(i32x4.ge_s(largest, i32x4.splat(bits)))) return 1;
  for (; i < count; i++) if (load<i32>(magnitudes + (<usize>i << 2)) >= bits) return 1;
  return 0;
}

// @ts-ignore: decorator
@inline
function quotient(src: usize, scale: v128): v128 {
  return f32x4.div(v128.load(src), scale);
}

/** Eight codes of a row, each with a scale of its own; zero points lie `at` bytes after `zeroPoints`. */
// @ts-ignore: decorator
@inline
function columns8(src: usize, scales: usize, zeroPoints: usize, at: usize, bias: v128, lo: v128, hi: v128): v128 {
  const a = quotient(src, v128.load(scales));
  const b = quotient(src + 16, v128.load(scales, 16));
  if (!zeroPoints) return codes8(a, b, bias, bias, lo, hi);
  return codes8(a, b, i32x4.sub(bias, v128.load(zeroPoints + at)), i32x4.sub(bias, v128.load(zeroPoints + at, 16)), lo, hi);
}

/** Eight codes in 16-bit lanes, shifted into [0, 15]; a bias holds ROUNDING_BITS − zeroPoint − shift. */
// @ts-ignore: decorator
@inline
function codes8(a: v128, b: v128, biasA: v128, biasB: v128, lo: v128, hi: v128): v128 {
  const rounding = f32x4.splat(ROUNDING);
  const codes = i16x8.narrow_i32x4_s(i32x4.sub(f32x4.add(a, rounding), biasA), i32x4.sub(f32x4.add(b, rounding), biasB));
  return i16x8.min_s(i16x8.max_s(codes, lo), hi);
}

/** Sixteen codes in [0, 15] as eight bytes in 16-bit lanes: even + 16 · odd. */
// @ts-ignore: decorator
@inline
function joined(a: v128, b: v128): v128 {
  const places = i16x8(1, 16, 1, 16, 1, 16, 1, 16);
  return i16x8.narrow_i32x4_s(i32x4.dot_i16x8_s(a, places), i32x4.dot_i16x8_s(b, places));
}
