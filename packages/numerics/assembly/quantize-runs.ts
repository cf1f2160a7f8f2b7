import { clamped, codes4, hasNaN, ROUNDING, ROUNDING_BITS, wideCode, wideCodes4 } from "./steps";

/**
 * q = clamp(roundHalfEven(x / scale) + zeroPoint, qmin, qmax) for `runs` stretches of `runLength` floats that share one scale each; run r
 * uses scale r mod `period`. `zeroPoints` is 0 when there are none. Codes are one T each. Returns the number of NaN quotients.
 */
// @ts-ignore: decorator
@inline
function quantizeRuns<T>(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32, qmin: i32, qmax: i32): i32 {
  let sum = f32x4.splat(0);
  let from = src;
  let zeroPoint: i32 = 0;
  let lo = f32x4.splat(<f32>qmin);
  let hi = f32x4.splat(<f32>qmax);
  let group: i32 = 0;
  for (let run: i32 = 0; run < runs; run++) {
    const scale = v128.load32_splat(scales + (<usize>group << 2));
    if (zeroPoints) {
      zeroPoint = load<i32>(zeroPoints + (<usize>group << 2));
      lo = f32x4.splat(<f32>(qmin - zeroPoint));
      hi = f32x4.splat(<f32>(qmax - zeroPoint));
    }
    const bias = i32x4.splat(ROUNDING_BITS - zeroPoint);
    sum = f32x4.add(sum, quantizeRun<T>(from, dst, runLength, scale, lo, hi, bias, qmin, qmax));
    from += <usize>runLength << 2;
    dst += <usize>runLength * sizeof<T>();
    group = group + 1 == period ? 0 : group + 1;
  }
  return hasNaN(sum) ? countNaN(src, runs, runLength, scales, period) : 0;
}

/** Number of NaN quotients. */
function countNaN(src: usize, runs: i32, runLength: i32, scales: usize, period: i32): i32 {
  let count: i32 = 0;
  let group: i32 = 0;
  for (let run: i32 = 0; run < runs; run++) {
    const scale = load<f32>(scales + (<usize>group << 2));
    for (let i: i32 = 0; i < runLength; i++) {
      const quotient = load<f32>(src) / scale;
      count += <i32>(quotient != quotient);
      src += 4;
    }
    group = group + 1 == period ? 0 : group + 1;
  }
  return count;
}

/** Writes the codes of one run; the sum of its quotients. */
// @ts-ignore: decorator
@inline
function quantizeRun<T>(src: usize, dst: usize, length: i32, scales: v128, lo4: v128, hi4: v128, bias: v128, qmin: i32, qmax: i32): v128 {
  let sum = f32x4.splat(0);
  let i: i32 = 0;
  if (sizeof<T>() == 1) {
    for (; i <= length - 16; i += 16) {
      const a = f32x4.div(v128.load(src, 0), scales);
      const b = f32x4.div(v128.load(src, 16), scales);
      const c = f32x4.div(v128.load(src, 32), scales);
      const d = f32x4.div(v128.load(src, 48), scales);
      sum = f32x4.add(sum, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
      const ab = i16x8.narrow_i32x4_s(codes4(a, lo4, hi4, bias), codes4(b, lo4, hi4, bias));
      const cd = i16x8.narrow_i32x4_s(codes4(c, lo4, hi4, bias), codes4(d, lo4, hi4, bias));
      v128.store(dst, isSigned<T>() ? i8x16.narrow_i16x8_s(ab, cd) : i8x16.narrow_i16x8_u(ab, cd));
      src += 64;
      dst += 16;
    }
  }
  for (; i <= length - 4; i += 4) {
    const quotient = f32x4.div(v128.load(src), scales);
    sum = f32x4.add(sum, quotient);
    if (sizeof<T>() == 4) {
      v128.store(dst, wideCodes4(quotient, i32x4.splat(qmin), i32x4.splat(qmax)));
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
  for (; i < length; i++) {
    const quotient = load<f32>(src) / f32x4.extract_lane(scales, 0);
    sum = f32x4.add(sum, f32x4.splat(quotient));
    const code = sizeof<T>() == 4 ? wideCode(quotient, qmin, qmax) : codeOf(quotient, lo4, hi4, bias);
    store<T>(dst, <T>code);
    src += 4;
    dst += sizeof<T>();
  }
  return sum;
}

/** One code of up to 16 bits; operands as codes4 takes them. */
// @ts-ignore: decorator
@inline
function codeOf(quotient: f32, lo4: v128, hi4: v128, bias: v128): i32 {
  const steps = clamped(quotient, f32x4.extract_lane(lo4, 0), f32x4.extract_lane(hi4, 0));
  return reinterpret<i32>(steps + ROUNDING) - i32x4.extract_lane(bias, 0);
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
