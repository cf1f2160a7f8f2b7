import { clamped, clamped4 } from "./steps";

/**
 * out[group][k mod 4] += (x − x̂)² in f64 for element k of every run; x̂ = f32(q − zeroPoint) · scale, q as quantize-runs chooses it.
 * `out` holds four f64 per group; run r belongs to group r mod `period`. A run may be cut after a multiple of 4 elements.
 */
export function squaredErrorRuns(src: usize, out: usize, runs: i32, runLength: i32, scales: usize, zeroPoints: usize, period: i32, qmin: i32, qmax: i32): void {
  let group: i32 = 0;
  for (let run: i32 = 0; run < runs; run++) {
    const scale = load<f32>(scales + (<usize>group << 2));
    const zeroPoint: i32 = zeroPoints ? load<i32>(zeroPoints + (<usize>group << 2)) : 0;
    const lo = <f32>(qmin - zeroPoint);
    const hi = <f32>(qmax - zeroPoint);
    const scale4 = f32x4.splat(scale);
    const lo4 = f32x4.splat(lo);
    const hi4 = f32x4.splat(hi);
    const lanes = out + (<usize>group << 5);
    let low = v128.load(lanes);
    let high = v128.load(lanes, 16);
    let i: i32 = 0;
    for (; i <= runLength - 4; i += 4) {
      const x = v128.load(src);
      const restored = f32x4.mul(f32x4.nearest(clamped4(f32x4.div(x, scale4), lo4, hi4)), scale4);
      const a = f64x2.sub(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(restored));
      const b = f64x2.sub(
        f64x2.promote_low_f32x4(i32x4.shuffle(x, x, 2, 3, 2, 3)),
        f64x2.promote_low_f32x4(i32x4.shuffle(restored, restored, 2, 3, 2, 3)),
      );
      low = f64x2.add(low, f64x2.mul(a, a));
      high = f64x2.add(high, f64x2.mul(b, b));
      src += 16;
    }
    v128.store(lanes, low);
    v128.store(lanes, high, 16);
    for (; i < runLength; i++) {
      addSquare(load<f32>(src), scale, lo, hi, lanes + (<usize>(i & 3) << 3));
      src += 4;
    }
    group = group + 1 == period ? 0 : group + 1;
  }
}

/** As above per column, in row order; `out` holds one f64 per scale, row r belongs to scale row floor(r / rowsPerScale). */
export function squaredErrorRows(src: usize, out: usize, rows: i32, width: i32, rowsPerScale: i32, scales: usize, zeroPoints: usize, qmin: i32, qmax: i32): void {
  const qmin4 = i32x4.splat(qmin);
  const qmax4 = i32x4.splat(qmax);
  let rowOfScale: i32 = 0;
  for (let row: i32 = 0; row < rows; row++) {
    let i: i32 = 0;
    for (; i <= width - 4; i += 4) {
      const at = <usize>i << 2;
      const x = v128.load(src);
      const scale4 = v128.load(scales + at);
      const zero4 = zeroPoints ? v128.load(zeroPoints + at) : i32x4.splat(0);
      const lo4 = f32x4.convert_i32x4_s(i32x4.sub(qmin4, zero4));
      const hi4 = f32x4.convert_i32x4_s(i32x4.sub(qmax4, zero4));
      const restored = f32x4.mul(f32x4.nearest(clamped4(f32x4.div(x, scale4), lo4, hi4)), scale4);
      const a = f64x2.sub(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(restored));
      const b = f64x2.sub(
        f64x2.promote_low_f32x4(i32x4.shuffle(x, x, 2, 3, 2, 3)),
        f64x2.promote_low_f32x4(i32x4.shuffle(restored, restored, 2, 3, 2, 3)),
      );
      const into = out + (at << 1);
      v128.store(into, f64x2.add(v128.load(into), f64x2.mul(a, a)));
      v128.store(into, f64x2.add(v128.load(into, 16), f64x2.mul(b, b)), 16);
      src += 16;
    }
    for (; i < width; i++) {
      const at = <usize>i << 2;
      const zeroPoint: i32 = zeroPoints ? load<i32>(zeroPoints + at) : 0;
      addSquare(load<f32>(src), load<f32>(scales + at), <f32>(qmin - zeroPoint), <f32>(qmax - zeroPoint), out + (at << 1));
      src += 4;
    }
    if (++rowOfScale == rowsPerScale) {
      rowOfScale = 0;
      scales += <usize>width << 2;
      out += <usize>width << 3;
      if (zeroPoints) zeroPoints += <usize>width << 2;
    }
  }
}

// @ts-ignore: decorator
@inline
function addSquare(x: f32, scale: f32, lo: f32, hi: f32, lane: usize): void {
  const restored = nearest<f32>(clamped(x / scale, lo, hi)) * scale;
  const difference = <f64>x - <f64>restored;
  store<f64>(lane, load<f64>(lane) + difference * difference);
}
