/** 1.5 · 2^23: adding it to |v| < 2^22 leaves the half-to-even integer of v in the low mantissa bits. */
export const ROUNDING: f32 = 12582912.0;
export const ROUNDING_BITS: i32 = 0x4b400000;

/** clamp(x / scale, lo, hi); a NaN quotient gives lo. */
// @ts-ignore: decorator
@inline
export function clamped4(quotient: v128, lo: v128, hi: v128): v128 {
  return f32x4.pmin(f32x4.pmax(lo, quotient), hi);
}

// @ts-ignore: decorator
@inline
export function clamped(quotient: f32, lo: f32, hi: f32): f32 {
  const above: f32 = quotient > lo ? quotient : lo;
  return above < hi ? above : hi;
}

/** Four codes: roundHalfEven(clamp(quotient)) + zeroPoint, where `bias` holds ROUNDING_BITS − zeroPoint; for |code| up to 16 bits. */
// @ts-ignore: decorator
@inline
export function codes4(quotient: v128, lo: v128, hi: v128, bias: v128): v128 {
  return i32x4.sub(f32x4.add(clamped4(quotient, lo, hi), f32x4.splat(ROUNDING)), bias);
}

/** Four i32 codes: roundHalfEven(quotient) saturated to [qmin, qmax]; NaN gives qmin. The range need not be exact in f32. */
// @ts-ignore: decorator
@inline
export function wideCodes4(quotient: v128, qmin: v128, qmax: v128): v128 {
  const steps = i32x4.trunc_sat_f32x4_s(f32x4.nearest(quotient));
  const codes = i32x4.min_s(i32x4.max_s(steps, qmin), qmax);
  return v128.bitselect(qmin, codes, f32x4.ne(quotient, quotient));
}

/** One code as wideCodes4 gives it. */
// @ts-ignore: decorator
@inline
export function wideCode(quotient: f32, qmin: i32, qmax: i32): i32 {
  return quotient != quotient ? qmin : max<i32>(min<i32>(<i32>nearest<f32>(quotient), qmax), qmin);
}

/** True when a lane of `sum` is NaN: some addend was NaN, or the addends held both infinities. Adding is cheaper than counting NaN. */
// @ts-ignore: decorator
@inline
export function hasNaN(sum: v128): bool {
  return v128.any_true(f32x4.ne(sum, sum));
}

// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3);
}
