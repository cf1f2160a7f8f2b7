/** Byte offsets in the state: f64 lane sums, f64 lane square sums, f32 lane minima and maxima, i32 lane counts of NaN and infinity. */
const SUMS: usize = 0;
const SQUARES: usize = 32;
const LOWS: usize = 64;
const HIGHS: usize = 80;
const NANS: usize = 96;
const INFS: usize = 112;

// @ts-ignore: decorator
@inline
function highHalf(v: v128): v128 {
  return f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 2, 3));
}

/** Adds `count` floats to the state; only the last call for one tensor may have a `count` that is no multiple of 4. */
export function rangeOf(src: usize, count: i32, state: usize): void {
  let sumA = v128.load(state + SUMS);
  let sumB = v128.load(state + SUMS + 16);
  let squareA = v128.load(state + SQUARES);
  let squareB = v128.load(state + SQUARES + 16);
  let low = v128.load(state + LOWS);
  let high = v128.load(state + HIGHS);
  let nans = v128.load(state + NANS);
  let infs = v128.load(state + INFS);
  const infinity4 = f32x4.splat(f32.POSITIVE_INFINITY);
  let i: i32 = 0;
  for (; i <= count - 4; i += 4) {
    const x = v128.load(src);
    low = f32x4.pmin(low, x);
    high = f32x4.pmax(high, x);
    const magnitude = f32x4.abs(x);
    nans = i32x4.sub(nans, f32x4.ne(x, x));
    infs = i32x4.sub(infs, f32x4.eq(magnitude, infinity4));
    const finite = v128.and(x, f32x4.lt(magnitude, infinity4));
    const a = f64x2.promote_low_f32x4(finite);
    const b = highHalf(finite);
    sumA = f64x2.add(sumA, a);
    sumB = f64x2.add(sumB, b);
    squareA = f64x2.add(squareA, f64x2.mul(a, a));
    squareB = f64x2.add(squareB, f64x2.mul(b, b));
    src += 16;
  }
  v128.store(state + SUMS, sumA);
  v128.store(state + SUMS + 16, sumB);
  v128.store(state + SQUARES, squareA);
  v128.store(state + SQUARES + 16, squareB);
  v128.store(state + LOWS, low);
  v128.store(state + HIGHS, high);
  v128.store(state + NANS, nans);
  v128.store(state + INFS, infs);
  for (; i < count; i++) {
    addOne(load<f32>(src), state, <usize>(i & 3));
    src += 4;
  }
}

function addOne(x: f32, state: usize, lane: usize): void {
  const at4 = state + (lane << 2);
  const at8 = state + (lane << 3);
  if (x < load<f32>(at4 + LOWS)) store<f32>(at4 + LOWS, x);
  if (x > load<f32>(at4 + HIGHS)) store<f32>(at4 + HIGHS, x);
  if (x != x) store<i32>(at4 + NANS, load<i32>(at4 + NANS) + 1);
  else if (abs<f32>(x) == f32.POSITIVE_INFINITY) store<i32>(at4 + INFS, load<i32>(at4 + INFS) + 1);
  else {
    store<f64>(at8 + SUMS, load<f64>(at8 + SUMS) + <f64>x);
    store<f64>(at8 + SQUARES, load<f64>(at8 + SQUARES) + <f64>x * <f64>x);
  }
}
