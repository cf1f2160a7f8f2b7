import { clamped, codes4, countNaN4, ROUNDING_BITS, sumLanes, wideCode, wideCodes4 } from "./steps";

/**
 * q = clamp(roundHalfEven(x / scale) + zeroPoint, qmin, qmax) for `runs` stretches of `runLength` floats that share one scale each; run r
 * uses scale r mod `period`. `zeroPoints` is 0 when there are none. Codes are one T each. Returns the number of NaN quotients.
 */
// @ts-ignore: decorator
@inline
function quantizeRuns<T>(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32, qmin: i32, qmax: i32): i32 {
  let nanCount: i32 = 0;
  let group: i32 = 0;
  for (let run: i32 = 0; run < runs; run++) {
    const scale = load<f32>(scales + (<usize>group << 2));
    const zeroPoint: i32 = zeroPoints ? load<i32>(zeroPoints + (<usize>group << 2)) : 0;
    nanCount += quantizeRun<T>(src, dst, runLength, scale, zeroPoint, qmin, qmax);
    src += <usize>runLength << 2;
    dst += <usize>runLength * sizeof<T>();
    group = group + 1 == period ? 0 : group + 1;
  }
  return nanCount;
}

// @ts-ignore: decorator
@inline
function quantizeRun<T>(src: usize, dst: usize, length: i32, scale: f32, zeroPoint: i32, qmin: i32, qmax: i32): i32 {
  const scales = f32x4.splat(scale);
  const lo = <f32>(qmin - zeroPoint);
  const hi = <f32>(qmax - zeroPoint);
  const lo4 = f32x4.splat(lo);
  const hi4 = f32x4.splat(hi);
  const bias = i32x4.splat(ROUNDING_BITS - zeroPoint);
  const qmin4 = i32x4.splat(qmin);
  const qmax4 = i32x4.splat(qmax);
  let nan4 = i32x4.splat(0);
  let i: i32 = 0;
  if (sizeof<T>() == 1) {
    for (; i <= length - 16; i += 16) {
      const a = f32x4.div(v128.load(src, 0), scales);
      const b = f32x4.div(v128.load(src, 16), scales);
      const c = f32x4.div(v128.load(src, 32), scales);
      const d = f32x4.div(v128.load(src, 48), scales);
      nan4 = countNaN4(countNaN4(countNaN4(countNaN4(nan4, a), b), c), d);
      const ab = i16x8.narrow_i32x4_s(codes4(a, lo4, hi4, bias), codes4(b, lo4, hi4, bias));
      const cd = i16x8.narrow_i32x4_s(codes4(c, lo4, hi4, bias), codes4(d, lo4, hi4, bias));
      v128.store(dst, isSigned<T>() ? i8x16.narrow_i16x8_s(ab, cd) : i8x16.narrow_i16x8_u(ab, cd));
      src += 64;
      dst += 16;
    }
  }
  for (; i <= length - 4; i += 4) {
    const quotient = f32x4.div(v128.load(src), scales);
    nan4 = countNaN4(nan4, quotient);
    if (sizeof<T>() == 4) {
      v128.store(dst, wideCodes4(quotient, qmin4, qmax4));
    } else if (sizeof<T>() == 2) {
      const codes = codes4(quotient, lo4, hi4, bias);
      const narrow = isSigned<T>() ? i16x8.narrow_i32x4_s(codes, codes) : i16x8.narrow_i32x4_u(codes, codes);
      v128.store64_lane(dst, narrow, 0);
    } else {
      const codes = codes4(quotient, lo4, hi4, bias);
      const half = i16x8.narrow_i32x4_s(codes, codes);
      v128.store32_lane(dst, isSigned<T>() ? i8x16.narrow_i16x8_s(half, half) : i8x16.narrow_i16x8_u(half, half), 0);
    }
    src += 16;
    dst += 4 * sizeof<T>();
  }
  let nanCount = sumLanes(nan4);
  for (; i < length; i++) {
    const quotient = load<f32>(src) / scale;
    nanCount += <i32>(quotient != quotient);
    const code = sizeof<T>() == 4 ? wideCode(quotient, qmin, qmax) : <i32>nearest<f32>(clamped(quotient, lo, hi)) + zeroPoint;
    store<T>(dst, <T>code);
    src += 4;
    dst += sizeof<T>();
  }
  return nanCount;
}

export function quantizeRunsI8(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32, qmin: i32, qmax: i32): i32 {
  return quantizeRuns<i8>(src, dst, runs, runLength, scales, zeroPoints, period, qmin, qmax);
}

export function quantizeRunsU8(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32, qmin: i32, qmax: i32): i32 {
  return quantizeRuns<u8>(src, dst, runs, runLength, scales, zeroPoints, period, qmin, qmax);
}

export function quantizeRunsI16(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32, qmin: i32, qmax: i32): i32 {
  return quantizeRuns<i16>(src, dst, runs, runLength, scales, zeroPoints, period, qmin, qmax);
}

export function quantizeRunsU16(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32, qmin: i32, qmax: i32): i32 {
  return quantizeRuns<u16>(src, dst, runs, runLength, scales, zeroPoints, period, qmin, qmax);
}

export function quantizeRunsI32(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32, qmin: i32, qmax: i32): i32 {
  return quantizeRuns<i32>(src, dst, runs, runLength, scales, zeroPoints, period, qmin, qmax);
}
