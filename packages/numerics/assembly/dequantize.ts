/** Four codes of type T as i32. */
// @ts-ignore: decorator
@inline
function load4<T>(src: usize): v128 {
  if (sizeof<T>() == 4) return v128.load(src);
  if (sizeof<T>() == 2) return isSigned<T>() ? v128.load16x4_s(src) : v128.load16x4_u(src);
  const bytes = v128.load32_zero(src);
  if (isSigned<T>()) return i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(bytes));
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
}

/** f32(q − zeroPoint) · scale over `runs` stretches of `runLength` codes; run r uses scale r mod `period`. */
// @ts-ignore: decorator
@inline
function dequantizeRuns<T>(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32): void {
  let group: i32 = 0;
  for (let run: i32 = 0; run < runs; run++) {
    const scale = load<f32>(scales + (<usize>group << 2));
    const zeroPoint: i32 = zeroPoints ? load<i32>(zeroPoints + (<usize>group << 2)) : 0;
    const scale4 = f32x4.splat(scale);
    const zero4 = i32x4.splat(zeroPoint);
    let i: i32 = 0;
    for (; i <= runLength - 4; i += 4) {
      v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(load4<T>(src), zero4)), scale4));
      src += 4 * sizeof<T>();
      dst += 16;
    }
    for (; i < runLength; i++) {
      store<f32>(dst, <f32>(<i32>load<T>(src) - zeroPoint) * scale);
      src += sizeof<T>();
      dst += 4;
    }
    group = group + 1 == period ? 0 : group + 1;
  }
}

/** As above where column c of every row has its own scale; row r uses scale row floor(r / rowsPerScale). */
// @ts-ignore: decorator
@inline
function dequantizeRows<T>(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize): void {
  let rowOfScale: i32 = 0;
  for (let row: i32 = 0; row < rows; row++) {
    let i: i32 = 0;
    for (; i <= width - 4; i += 4) {
      let codes = load4<T>(src);
      if (zeroPoints) codes = i32x4.sub(codes, v128.load(zeroPoints + (<usize>i << 2)));
      v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(codes), v128.load(scales + (<usize>i << 2))));
      src += 4 * sizeof<T>();
      dst += 16;
    }
    for (; i < width; i++) {
      const zeroPoint: i32 = zeroPoints ? load<i32>(zeroPoints + (<usize>i << 2)) : 0;
      store<f32>(dst, <f32>(<i32>load<T>(src) - zeroPoint) * load<f32>(scales + (<usize>i << 2)));
      src += sizeof<T>();
      dst += 4;
    }
    if (++rowOfScale == rowsPerScale) {
      rowOfScale = 0;
      scales += <usize>width << 2;
      if (zeroPoints) zeroPoints += <usize>width << 2;
    }
  }
}

export function dequantizeRunsI8(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32): void {
  dequantizeRuns<i8>(src, dst, runs, runLength, scales, zeroPoints, period);
}

export function dequantizeRunsU8(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32): void {
  dequantizeRuns<u8>(src, dst, runs, runLength, scales, zeroPoints, period);
}

export function dequantizeRunsI16(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32): void {
  dequantizeRuns<i16>(src, dst, runs, runLength, scales, zeroPoints, period);
}

export function dequantizeRunsU16(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32): void {
  dequantizeRuns<u16>(src, dst, runs, runLength, scales, zeroPoints, period);
}

export function dequantizeRunsI32(src: usize, dst: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32): void {
  dequantizeRuns<i32>(src, dst, runs, runLength, scales, zeroPoints, period);
}

export function dequantizeRowsI8(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize): void {
  dequantizeRows<i8>(src, dst, rows, width, rowsPerScale, scales, zeroPoints);
}

export function dequantizeRowsU8(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize): void {
  dequantizeRows<u8>(src, dst, rows, width, rowsPerScale, scales, zeroPoints);
}

export function dequantizeRowsI16(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize): void {
  dequantizeRows<i16>(src, dst, rows, width, rowsPerScale, scales, zeroPoints);
}

export function dequantizeRowsU16(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize): void {
  dequantizeRows<u16>(src, dst, rows, width, rowsPerScale, scales, zeroPoints);
}

export function dequantizeRowsI32(src: usize, dst: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize): void {
  dequantizeRows<i32>(src, dst, rows, width, rowsPerScale, scales, zeroPoints);
}
