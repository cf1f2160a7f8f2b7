/** Largest of the four lanes, as i32. */
// @ts-ignore: decorator
@inline
function largestLane(v: v128): i32 {
  const pairs = i32x4.max_s(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  return max<i32>(i32x4.extract_lane(pairs, 0), i32x4.extract_lane(pairs, 1));
}

/**
 * out[r mod period] = max(out, |x|) over run r of `runLength` floats, on bit patterns: these order like magnitudes, with infinity and then
 * NaN on top. `out` must hold non-negative floats or NaN.
 */
export function absmaxRuns(src: usize, out: usize, runs: i32, runLength: i32, period: i32): void {
  const magnitude = i32x4.splat(0x7fffffff);
  let group: i32 = 0;
  let run: i32 = 0;
  if ((runLength & 15) == 0 && period >= runs) {
    const stride = <usize>runLength << 2;
    for (; run <= runs - 4; run += 4) {
      const a = largestOfRun(src, runLength);
      const b = largestOfRun(src + stride, runLength);
      const c = largestOfRun(src + 2 * stride, runLength);
      const d = largestOfRun(src + 3 * stride, runLength);
      const ab = i32x4.max_s(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7));
      const cd = i32x4.max_s(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7));
      const largest = i32x4.max_s(i64x2.shuffle(ab, cd, 0, 2), i64x2.shuffle(ab, cd, 1, 3));
      const at = out + (<usize>run << 2);
      v128.store(at, i32x4.max_s(v128.load(at), largest));
      src += 4 * stride;
    }
    group = run == period ? 0 : run;
  }
  for (; run < runs; run++) {
    let a = i32x4.splat(0);
    let b = i32x4.splat(0);
    let i: i32 = 0;
    for (; i <= runLength - 16; i += 16) {
      a = i32x4.max_s(a, v128.and(v128.load(src), magnitude));
      b = i32x4.max_s(b, v128.and(v128.load(src, 16), magnitude));
      a = i32x4.max_s(a, v128.and(v128.load(src, 32), magnitude));
      b = i32x4.max_s(b, v128.and(v128.load(src, 48), magnitude));
      src += 64;
    }
    for (; i <= runLength - 4; i += 4) {
      a = i32x4.max_s(a, v128.and(v128.load(src), magnitude));
      src += 16;
    }
    const at = out + (<usize>group << 2);
    let largest = max<i32>(load<i32>(at), largestLane(i32x4.max_s(a, b)));
    for (; i < runLength; i++) {
      largest = max<i32>(largest, load<i32>(src) & 0x7fffffff);
      src += 4;
    }
    store<i32>(at, largest);
    group = group + 1 == period ? 0 : group + 1;
  }
}

/** Lane k holds the largest magnitude bits of the elements k mod 4 of a run; `length` is a multiple of 16. */
// @ts-ignore: decorator
@inline
function largestOfRun(src: usize, length: i32): v128 {
  const magnitude = i32x4.splat(0x7fffffff);
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  for (let i: i32 = 0; i < length; i += 16) {
    a = i32x4.max_s(a, v128.and(v128.load(src), magnitude));
    b = i32x4.max_s(b, v128.and(v128.load(src, 16), magnitude));
    a = i32x4.max_s(a, v128.and(v128.load(src, 32), magnitude));
    b = i32x4.max_s(b, v128.and(v128.load(src, 48), magnitude));
    src += 64;
  }
  return i32x4.max_s(a, b);
}

/** As absmaxRuns per column: row r updates the `width` entries of out row floor(r / rowsPerScale). */
export function absmaxRows(src: usize, out: usize, rows: i32, width: i32, rowsPerScale: i32): void {
  for (let row: i32 = 0; row < rows; row += rowsPerScale) {
    const last = min<i32>(rowsPerScale, rows - row);
    absmaxColumns(src, out, last, width);
    src += (<usize>last * <usize>width) << 2;
    out += <usize>width << 2;
  }
}

// @ts-ignore: decorator
@inline
function absmaxColumns(src: usize, out: usize, rows: i32, width: i32): void {
  const magnitude = i32x4.splat(0x7fffffff);
  const stride = <usize>width << 2;
  let row: i32 = 0;
  for (; row <= rows - 4; row += 4) {
    let i: i32 = 0;
    for (; i <= width - 4; i += 4) {
      const at = src + (<usize>i << 2);
      const first = i32x4.max_s(v128.and(v128.load(at), magnitude), v128.and(v128.load(at + stride), magnitude));
      const second = i32x4.max_s(v128.and(v128.load(at + 2 * stride), magnitude), v128.and(v128.load(at + 3 * stride), magnitude));
      const into = out + (<usize>i << 2);
      v128.store(into, i32x4.max_s(v128.load(into), i32x4.max_s(first, second)));
    }
    for (; i < width; i++) {
      for (let k: i32 = 0; k < 4; k++) absmaxOne(src + <usize>k * stride + (<usize>i << 2), out + (<usize>i << 2));
    }
    src += 4 * stride;
  }
  for (; row < rows; row++) {
    let i: i32 = 0;
    for (; i <= width - 4; i += 4) {
      const into = out + (<usize>i << 2);
      v128.store(into, i32x4.max_s(v128.load(into), v128.and(v128.load(src + (<usize>i << 2)), magnitude)));
    }
    for (; i < width; i++) absmaxOne(src + (<usize>i << 2), out + (<usize>i << 2));
    src += stride;
  }
}

// @ts-ignore: decorator
@inline
function absmaxOne(src: usize, out: usize): void {
  store<i32>(out, max<i32>(load<i32>(out), load<i32>(src) & 0x7fffffff));
}

/** lows and highs [r mod period] = min and max with run r; NaN is left out, -0 counts as +0. */
export function minMaxRuns(src: usize, lows: usize, highs: usize, runs: i32, runLength: i32, period: i32): void {
  let group: i32 = 0;
  for (let run: i32 = 0; run < runs; run++) {
    const at = <usize>group << 2;
    let low4 = v128.load32_splat(lows + at);
    let high4 = v128.load32_splat(highs + at);
    let i: i32 = 0;
    for (; i <= runLength - 4; i += 4) {
      const x = v128.load(src);
      low4 = f32x4.pmin(low4, x);
      high4 = f32x4.pmax(high4, x);
      src += 16;
    }
    low4 = f32x4.pmin(low4, i32x4.shuffle(low4, low4, 2, 3, 0, 1));
    high4 = f32x4.pmax(high4, i32x4.shuffle(high4, high4, 2, 3, 0, 1));
    let low = smaller(f32x4.extract_lane(low4, 0), f32x4.extract_lane(low4, 1));
    let high = larger(f32x4.extract_lane(high4, 0), f32x4.extract_lane(high4, 1));
    for (; i < runLength; i++) {
      const x = load<f32>(src);
      low = smaller(low, x);
      high = larger(high, x);
      src += 4;
    }
    store<f32>(lows + at, low + 0);
    store<f32>(highs + at, high + 0);
    group = group + 1 == period ? 0 : group + 1;
  }
}

// @ts-ignore: decorator
@inline
function smaller(a: f32, b: f32): f32 {
  return b < a ? b : a;
}

// @ts-ignore: decorator
@inline
function larger(a: f32, b: f32): f32 {
  return a < b ? b : a;
}

/** As minMaxRuns per column: row r updates the `width` entries of row floor(r / rowsPerScale). */
export function minMaxRows(src: usize, lows: usize, highs: usize, rows: i32, width: i32, rowsPerScale: i32): void {
  const zero4 = f32x4.splat(0);
  let rowOfScale: i32 = 0;
  for (let row: i32 = 0; row < rows; row++) {
    let i: i32 = 0;
    for (; i <= width - 4; i += 4) {
      const at = <usize>i << 2;
      const x = f32x4.add(v128.load(src), zero4);
      v128.store(lows + at, f32x4.pmin(v128.load(lows + at), x));
      v128.store(highs + at, f32x4.pmax(v128.load(highs + at), x));
      src += 16;
    }
    for (; i < width; i++) {
      const at = <usize>i << 2;
      const x = load<f32>(src) + 0;
      store<f32>(lows + at, smaller(load<f32>(lows + at), x));
      store<f32>(highs + at, larger(load<f32>(highs + at), x));
      src += 4;
    }
    if (++rowOfScale == rowsPerScale) {
      rowOfScale = 0;
      lows += <usize>width << 2;
      highs += <usize>width << 2;
    }
  }
}
