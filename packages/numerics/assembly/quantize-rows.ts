import { clamped, codes4, hasNaN, ROUNDING_BITS, wideCode, wideCodes4 } from "./steps";

/**
 * As quantize-runs for `rows` rows of `width` floats in which column c has its own scale: row r uses the scale row
 * floor(r / rowsPerScale), `width` scales each.
 */
// @ts-ignore: decorator
@inline
function quantizeRows<T>(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize, qmin: i32, qmax: i32): i32 {
  let sum = f32x4.splat(0);
  let from = src;
  let scaleRow = scales;
  let rowOfScale: i32 = 0;
  for (let row: i32 = 0; row < rows; row++) {
    sum = f32x4.add(
      sum,
      zeroPoints
        ? quantizeRow<T>(from, dst, width, scaleRow, zeroPoints, qmin, qmax)
        : quantizeRow<T>(from, dst, width, scaleRow, 0, qmin, qmax),
    );
    from += <usize>width << 2;
    dst += <usize>width * sizeof<T>();
    if (++rowOfScale == rowsPerScale) {
      rowOfScale = 0;
      scaleRow += <usize>width << 2;
      if (zeroPoints) zeroPoints += <usize>width << 2;
    }
  }
  return hasNaN(sum) ? countNaN(src, rows, width, rowsPerScale, scales) : 0;
}

/** Number of NaN quotients. */
function countNaN(src: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize): i32 {
  let count: i32 = 0;
  let rowOfScale: i32 = 0;
  for (let row: i32 = 0; row < rows; row++) {
    for (let i: i32 = 0; i < width; i++) {
      const quotient = load<f32>(src) / load<f32>(scales + (<usize>i << 2));
      count += <i32>(quotient != quotient);
      src += 4;
    }
    if (++rowOfScale == rowsPerScale) {
      rowOfScale = 0;
      scales += <usize>width << 2;
    }
  }
  return count;
}

/** Writes the codes of one row; the sum of its quotients. */
// @ts-ignore: decorator
@inline
function quantizeRow<T>(src: usize, dst: usize, width: i32, scales: usize, zeroPoints: usize, qmin: i32, qmax: i32): v128 {
  const qmin4 = i32x4.splat(qmin);
  const qmax4 = i32x4.splat(qmax);
  const lo4 = f32x4.convert_i32x4_s(qmin4);
  const hi4 = f32x4.convert_i32x4_s(qmax4);
  const rounding = i32x4.splat(ROUNDING_BITS);
  let sum = f32x4.splat(0);
  let i: i32 = 0;
  if (sizeof<T>() == 1 && !zeroPoints) {
    for (; i <= width - 16; i += 16) {
      const a = f32x4.div(v128.load(src), v128.load(scales));
      const b = f32x4.div(v128.load(src, 16), v128.load(scales, 16));
      const c = f32x4.div(v128.load(src, 32), v128.load(scales, 32));
      const d = f32x4.div(v128.load(src, 48), v128.load(scales, 48));
      sum = f32x4.add(sum, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
      const low = i16x8.narrow_i32x4_s(codes4(a, lo4, hi4, rounding), codes4(b, lo4, hi4, rounding));
      const high = i16x8.narrow_i32x4_s(codes4(c, lo4, hi4, rounding), codes4(d, lo4, hi4, rounding));
      v128.store(dst, isSigned<T>() ? i8x16.narrow_i16x8_s(low, high) : i8x16.narrow_i16x8_u(low, high));
      src += 64;
      scales += 64;
      dst += 16;
    }
  }
  for (; i <= width - 4; i += 4) {
    const quotient = f32x4.div(v128.load(src), v128.load(scales));
    sum = f32x4.add(sum, quotient);
    if (sizeof<T>() == 4) {
      v128.store(dst, wideCodes4(quotient, qmin4, qmax4));
    } else {
      let codes: v128;
      if (zeroPoints) {
        const zero4 = v128.load(zeroPoints);
        const lowest = f32x4.convert_i32x4_s(i32x4.sub(qmin4, zero4));
        const highest = f32x4.convert_i32x4_s(i32x4.sub(qmax4, zero4));
        codes = codes4(quotient, lowest, highest, i32x4.sub(rounding, zero4));
        zeroPoints += 16;
      } else {
        codes = codes4(quotient, lo4, hi4, rounding);
      }
      if (sizeof<T>() == 2) {
        v128.store64_lane(dst, isSigned<T>() ? i16x8.narrow_i32x4_s(codes, codes) : i16x8.narrow_i32x4_u(codes, codes), 0);
      } else {
        const half = i16x8.narrow_i32x4_s(codes, codes);
        v128.store32_lane(dst, isSigned<T>() ? i8x16.narrow_i16x8_s(half, half) : i8x16.narrow_i16x8_u(half, half), 0);
      }
    }
    src += 16;
    scales += 16;
    dst += 4 * sizeof<T>();
  }
  for (; i < width; i++) {
    const quotient = load<f32>(src) / load<f32>(scales);
    sum = f32x4.add(sum, f32x4.splat(quotient));
    let zeroPoint: i32 = 0;
    if (zeroPoints) {
      zeroPoint = load<i32>(zeroPoints);
      zeroPoints += 4;
    }
    const steps = nearest<f32>(clamped(quotient, <f32>(qmin - zeroPoint), <f32>(qmax - zeroPoint)));
    store<T>(dst, <T>(sizeof<T>() == 4 ? wideCode(quotient, qmin, qmax) : <i32>steps + zeroPoint));
    src += 4;
    scales += 4;
    dst += sizeof<T>();
  }
  return sum;
}

export function quantizeRowsI8(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize, qmin: i32, qmax: i32): i32 {
  return quantizeRows<i8>(src, dst, rows, width, rowsPerScale, scales, zeroPoints, qmin, qmax);
}

export function quantizeRowsU8(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize, qmin: i32, qmax: i32): i32 {
  return quantizeRows<u8>(src, dst, rows, width, rowsPerScale, scales, zeroPoints, qmin, qmax);
}

export function quantizeRowsI16(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize, qmin: i32, qmax: i32): i32 {
  return quantizeRows<i16>(src, dst, rows, width, rowsPerScale, scales, zeroPoints, qmin, qmax);
}

export function quantizeRowsU16(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize, qmin: i32, qmax: i32): i32 {
  return quantizeRows<u16>(src, dst, rows, width, rowsPerScale, scales, zeroPoints, qmin, qmax);
}

export function quantizeRowsI32(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize, qmin: i32, qmax: i32): i32 {
  return quantizeRows<i32>(src, dst, rows, width, rowsPerScale, scales, zeroPoints, qmin, qmax);
}
