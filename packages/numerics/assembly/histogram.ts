/** 2^23: adding it to an integer below leaves that integer in the low mantissa bits. */
const INTEGERS: f32 = 8388608.0;
/** What its other bits are once shifted by 2. */
const SHIFTED_BITS: usize = 0x2c000000;

// @ts-ignore: decorator
@inline
function increment(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}

/**
 * Adds `count` floats to four u32 tables of `bins` entries, lane k of every four into table k: neighbours that share a bin then never wait
 * for each other's store. bin = clamp(floor((x − lo) · binsPerUnit), 0, bins − 1). NaN lands in bin 0; returns how many there were.
 * `extremes` holds four f32 lane minima, then four lane maxima, which take part; NaN is passed over.
 */
export function histogram(src: usize, count: i32, lo: f32, binsPerUnit: f32, bins: i32, tables: usize, extremes: usize): i32 {
  const lo4 = f32x4.splat(lo);
  const factor = f32x4.splat(binsPerUnit);
  const zero = f32x4.splat(0);
  const last = f32x4.splat(<f32>(bins - 1));
  const integers = f32x4.splat(INTEGERS);
  const table1 = tables + (<usize>bins << 2);
  const table2 = table1 + (<usize>bins << 2);
  const table3 = table2 + (<usize>bins << 2);
  let low = v128.load(extremes);
  let high = v128.load(extremes, 16);
  let nans = i32x4.splat(0);
  let i: i32 = 0;
  for (; i <= count - 4; i += 4) {
    const x = v128.load(src);
    low = f32x4.pmin(low, x);
    high = f32x4.pmax(high, x);
    const position = f32x4.mul(f32x4.sub(x, lo4), factor);
    nans = i32x4.sub(nans, f32x4.ne(position, position));
    const bin = i32x4.shl(f32x4.add(f32x4.floor(f32x4.pmin(f32x4.pmax(zero, position), last)), integers), 2);
    increment(tables - SHIFTED_BITS + <usize>i32x4.extract_lane(bin, 0));
    increment(table1 - SHIFTED_BITS + <usize>i32x4.extract_lane(bin, 1));
    increment(table2 - SHIFTED_BITS + <usize>i32x4.extract_lane(bin, 2));
    increment(table3 - SHIFTED_BITS + <usize>i32x4.extract_lane(bin, 3));
    src += 16;
  }
  v128.store(extremes, low);
  v128.store(extremes, high, 16);
  let nanCount = i32x4.extract_lane(nans, 0) + i32x4.extract_lane(nans, 1) + i32x4.extract_lane(nans, 2) + i32x4.extract_lane(nans, 3);
  for (; i < count; i++) {
    const x = load<f32>(src);
    if (x < load<f32>(extremes)) store<f32>(extremes, x);
    if (x > load<f32>(extremes, 16)) store<f32>(extremes, x, 16);
    const position = (x - lo) * binsPerUnit;
    nanCount += <i32>(position != position);
    const above: f32 = position > 0 ? position : 0;
    const bin: i32 = <i32>(above < <f32>(bins - 1) ? above : <f32>(bins - 1));
    increment(tables + (<usize>bin << 2));
    src += 4;
  }
  return nanCount;
}

/** Sums bins [first, end) of the four tables into the first table; may sum up to 3 more. */
export function mergeTables(bins: i32, tables: usize, first: i32, end: i32): void {
  const stride = <usize>bins << 2;
  const stop = tables + (<usize>end << 2);
  for (let at = tables + (<usize>first << 2); at < stop; at += 16) {
    const a = i32x4.add(v128.load(at), v128.load(at + stride));
    const b = i32x4.add(v128.load(at + 2 * stride), v128.load(at + 3 * stride));
    v128.store(at, i32x4.add(a, b));
  }
}
