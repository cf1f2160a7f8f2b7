// @ts-ignore: decorator
@inline
function increment(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}

/**
 * Adds `count` floats to four u32 tables of `bins` entries, lane k of every four into table k: neighbours that share a bin then never wait
 * for each other's store. bin = clamp(floor((x − lo) · binsPerUnit), 0, bins − 1). NaN lands in bin 0; returns how many there were.
 */
// @ts-ignore: decorator
@inline
function addToTables(src: usize, count: i32, lo: f32, binsPerUnit: f32, bins: i32, tables: usize, mask: i32): i32 {
  const mask4 = i32x4.splat(mask);
  const lo4 = f32x4.splat(lo);
  const factor = f32x4.splat(binsPerUnit);
  const zero = f32x4.splat(0);
  const last = f32x4.splat(<f32>(bins - 1));
  const table1 = tables + (<usize>bins << 2);
  const table2 = table1 + (<usize>bins << 2);
  const table3 = table2 + (<usize>bins << 2);
  let nans = i32x4.splat(0);
  let i: i32 = 0;
  for (; i <= count - 4; i += 4) {
    const position = f32x4.mul(f32x4.sub(v128.and(v128.load(src), mask4), lo4), factor);
    nans = i32x4.sub(nans, f32x4.ne(position, position));
    const bin = i32x4.shl(i32x4.trunc_sat_f32x4_s(f32x4.pmin(f32x4.pmax(zero, position), last)), 2);
    increment(tables + <usize>i32x4.extract_lane(bin, 0));
    increment(table1 + <usize>i32x4.extract_lane(bin, 1));
    increment(table2 + <usize>i32x4.extract_lane(bin, 2));
    increment(table3 + <usize>i32x4.extract_lane(bin, 3));
    src += 16;
  }
  let nanCount = i32x4.extract_lane(nans, 0) + i32x4.extract_lane(nans, 1) + i32x4.extract_lane(nans, 2) + i32x4.extract_lane(nans, 3);
  for (; i < count; i++) {
    const x = reinterpret<f32>(load<i32>(src) & mask);
    const position = (x - lo) * binsPerUnit;
    nanCount += <i32>(position != position);
    const above: f32 = position > 0 ? position : 0;
    const bin: i32 = <i32>(above < <f32>(bins - 1) ? above : <f32>(bins - 1));
    increment(tables + (<usize>bin << 2));
    src += 4;
  }
  return nanCount;
}

export function histogram(src: usize, count: i32, lo: f32, binsPerUnit: f32, bins: i32, tables: usize): i32 {
  return addToTables(src, count, lo, binsPerUnit, bins, tables, -1);
}

export function histogramAbs(src: usize, count: i32, binsPerUnit: f32, bins: i32, tables: usize): i32 {
  return addToTables(src, count, 0, binsPerUnit, bins, tables, 0x7fffffff);
}

/** Sums the four tables into the first. */
export function mergeTables(bins: i32, tables: usize): void {
  const stride = <usize>bins << 2;
  for (let i: i32 = 0; i < bins; i++) {
    const at = tables + (<usize>i << 2);
    store<u32>(at, load<u32>(at) + load<u32>(at + stride) + load<u32>(at + 2 * stride) + load<u32>(at + 3 * stride));
  }
}
