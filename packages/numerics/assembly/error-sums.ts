/** Byte offsets in the state, four f64 lanes each: Σ(a−b)², Σa², Σb², Σab, max|a−b|; then four i64 lane counts of non-finite pairs. */
const ERRORS: usize = 0;
const SQUARES_A: usize = 32;
const SQUARES_B: usize = 64;
const DOTS: usize = 96;
const LARGEST: usize = 128;
const NON_FINITE: usize = 160;

/** Adds `count` pairs to the state; only the last call for one pair of tensors may have a `count` that is no multiple of 4. */
export function errorSums(a: usize, b: usize, count: i32, state: usize): void {
  const infinity2 = f64x2.splat(f64.POSITIVE_INFINITY);
  let i: i32 = 0;
  let e0 = v128.load(state + ERRORS), e1 = v128.load(state + ERRORS + 16);
  let a0 = v128.load(state + SQUARES_A), a1 = v128.load(state + SQUARES_A + 16);
  let b0 = v128.load(state + SQUARES_B), b1 = v128.load(state + SQUARES_B + 16);
  let d0 = v128.load(state + DOTS), d1 = v128.load(state + DOTS + 16);
  let m0 = v128.load(state + LARGEST), m1 = v128.load(state + LARGEST + 16);
  let n0 = v128.load(state + NON_FINITE), n1 = v128.load(state + NON_FINITE + 16);
  for (; i <= count - 4; i += 4) {
    const x = v128.load(a);
    const y = v128.load(b);
    const xLow = f64x2.promote_low_f32x4(x);
    const yLow = f64x2.promote_low_f32x4(y);
    const xHigh = f64x2.promote_low_f32x4(i32x4.shuffle(x, x, 2, 3, 2, 3));
    const yHigh = f64x2.promote_low_f32x4(i32x4.shuffle(y, y, 2, 3, 2, 3));
    const differenceLow = f64x2.sub(xLow, yLow);
    const differenceHigh = f64x2.sub(xHigh, yHigh);
    const finiteLow = f64x2.lt(f64x2.abs(differenceLow), infinity2);
    const finiteHigh = f64x2.lt(f64x2.abs(differenceHigh), infinity2);
    n0 = i64x2.sub(n0, v128.not(finiteLow));
    n1 = i64x2.sub(n1, v128.not(finiteHigh));
    const errorLow = v128.and(differenceLow, finiteLow);
    const errorHigh = v128.and(differenceHigh, finiteHigh);
    const p0 = v128.and(xLow, finiteLow);
    const p1 = v128.and(xHigh, finiteHigh);
    const q0 = v128.and(yLow, finiteLow);
    const q1 = v128.and(yHigh, finiteHigh);
    e0 = f64x2.add(e0, f64x2.mul(errorLow, errorLow));
    e1 = f64x2.add(e1, f64x2.mul(errorHigh, errorHigh));
    a0 = f64x2.add(a0, f64x2.mul(p0, p0));
    a1 = f64x2.add(a1, f64x2.mul(p1, p1));
    b0 = f64x2.add(b0, f64x2.mul(q0, q0));
    b1 = f64x2.add(b1, f64x2.mul(q1, q1));
    d0 = f64x2.add(d0, f64x2.mul(p0, q0));
    d1 = f64x2.add(d1, f64x2.mul(p1, q1));
    m0 = f64x2.pmax(m0, f64x2.abs(errorLow));
    m1 = f64x2.pmax(m1, f64x2.abs(errorHigh));
    a += 16;
    b += 16;
  }
  v128.store(state + ERRORS, e0), v128.store(state + ERRORS + 16, e1);
  v128.store(state + SQUARES_A, a0), v128.store(state + SQUARES_A + 16, a1);
  v128.store(state + SQUARES_B, b0), v128.store(state + SQUARES_B + 16, b1);
  v128.store(state + DOTS, d0), v128.store(state + DOTS + 16, d1);
  v128.store(state + LARGEST, m0), v128.store(state + LARGEST + 16, m1);
  v128.store(state + NON_FINITE, n0), v128.store(state + NON_FINITE + 16, n1);
  for (; i < count; i++) {
    addPair(<f64>load<f32>(a), <f64>load<f32>(b), state + (<usize>(i & 3) << 3));
    a += 4;
    b += 4;
  }
}

function addPair(x: f64, y: f64, lane: usize): void {
  const difference = abs<f64>(x - y);
  if (!(difference < f64.POSITIVE_INFINITY)) {
    store<i64>(lane + NON_FINITE, load<i64>(lane + NON_FINITE) + 1);
    return;
  }
  addTo(lane + ERRORS, difference * difference);
  addTo(lane + SQUARES_A, x * x);
  addTo(lane + SQUARES_B, y * y);
  addTo(lane + DOTS, x * y);
  if (difference > load<f64>(lane + LARGEST)) store<f64>(lane + LARGEST, difference);
}

// @ts-ignore: decorator
@inline
function addTo(at: usize, term: f64): void {
  store<f64>(at, load<f64>(at) + term);
}
