import { sumLanes } from "./steps";

const F16: i32 = 1;
const BF16: i32 = 2;
const INFINITY_BITS: i32 = 0x7f800000;

/** Rounds positive normal floats half to even, dropping the `dropped` low mantissa bits. */
// @ts-ignore: decorator
@inline
function dropBits(v: v128, dropped: i32): v128 {
  const odd = v128.and(i32x4.shr_u(v, dropped), i32x4.splat(1));
  const rounded = i32x4.add(i32x4.add(v, i32x4.splat((1 << (dropped - 1)) - 1)), odd);
  return v128.and(rounded, i32x4.splat(-(1 << dropped)));
}

/** `scale` clamped to the normal positive numbers of the scale type (0 f32, 1 f16, 2 bf16) and rounded to it. */
// @ts-ignore: decorator
@inline
function rounded4(scale: v128, dtype: i32): v128 {
  if (dtype == F16) return dropBits(f32x4.pmin(f32x4.pmax(scale, f32x4.splat(6.103515625e-5)), f32x4.splat(65504)), 13);
  const normal = f32x4.pmax(scale, f32x4.splat(reinterpret<f32>(0x00800000)));
  if (dtype == BF16) return dropBits(f32x4.pmin(normal, f32x4.splat(reinterpret<f32>(0x7f7f0000))), 16);
  return f32x4.pmin(normal, f32x4.splat(reinterpret<f32>(0x7f7fffff)));
}

/** Lanes whose absmax is above 0 and finite. */
// @ts-ignore: decorator
@inline
function usable4(absmax: v128): v128 {
  return v128.and(i32x4.gt_s(absmax, i32x4.splat(0)), i32x4.lt_s(absmax, i32x4.splat(INFINITY_BITS)));
}

/** -1 in the lanes that are inside `count` and hold NaN or infinity. */
// @ts-ignore: decorator
@inline
function nonFinite4(absmax: v128, index: i32, count: i32): v128 {
  const inside = i32x4.lt_s(i32x4.add(i32x4.splat(index), i32x4(0, 1, 2, 3)), i32x4.splat(count));
  return v128.and(i32x4.ge_s(absmax, i32x4.splat(INFINITY_BITS)), inside);
}

/** scale = absmax / steps for `count` groups; up to 3 more entries are written. Returns the number of non-finite groups. */
export function symmetricScales(absmax: usize, scales: usize, count: i32, steps: f32, dtype: i32): i32 {
  let nonFinite = i32x4.splat(0);
  for (let i: i32 = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const largest = v128.load(absmax + at);
    nonFinite = i32x4.sub(nonFinite, nonFinite4(largest, i, count));
    const scale = rounded4(f32x4.div(largest, f32x4.splat(steps)), dtype);
    v128.store(scales + at, v128.bitselect(scale, f32x4.splat(1), usable4(largest)));
  }
  return sumLanes(nonFinite);
}

/** scale = (max(high, 0) − min(low, 0)) / (qmax − qmin), zeroPoint = clamp(roundHalfEven(qmin − min(low, 0) / scale)); as above. */
export function asymmetricScales(lows: usize, highs: usize, absmax: usize, scales: usize, zeroPoints: usize, count: i32, qmin: i32, qmax: i32, dtype: i32): i32 {
  const zero4 = f32x4.splat(0);
  const steps = f32x4.splat(<f32>(qmax - qmin));
  const qmin4 = f32x4.splat(<f32>qmin);
  const qmax4 = f32x4.splat(<f32>qmax);
  const nearestToZero = i32x4.splat(min<i32>(max<i32>(0, qmin), qmax));
  let nonFinite = i32x4.splat(0);
  for (let i: i32 = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const largest = v128.load(absmax + at);
    nonFinite = i32x4.sub(nonFinite, nonFinite4(largest, i, count));
    const low = f32x4.pmin(zero4, v128.load(lows + at));
    const high = f32x4.pmax(zero4, v128.load(highs + at));
    const scale = rounded4(f32x4.div(f32x4.sub(high, low), steps), dtype);
    const position = f32x4.nearest(f32x4.sub(qmin4, f32x4.div(low, scale)));
    const zeroPoint = i32x4.trunc_sat_f32x4_s(f32x4.pmin(f32x4.pmax(position, qmin4), qmax4));
    const usable = usable4(largest);
    v128.store(scales + at, v128.bitselect(scale, f32x4.splat(1), usable));
    v128.store(zeroPoints + at, v128.bitselect(zeroPoint, nearestToZero, usable));
  }
  return sumLanes(nonFinite);
}
