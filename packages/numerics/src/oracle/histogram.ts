import { checkedBinsPerUnit } from "../histogram-range.js";
import type { Floats } from "../kernels.js";
import { toFloat32 } from "./convert.js";

/** counts[clamp(floor(f32(x − lo) · binsPerUnit), 0, bins − 1)] += 1 for every x but NaN. */
export function histogram(x: Floats, lo: number, hi: number, counts: Float64Array): void {
  addToBins(toFloat32(x), lo, hi, counts);
}

/** {@link histogram} of |x| over [0, hi]. */
export function histogramAbs(x: Floats, hi: number, counts: Float64Array): void {
  addToBins(toFloat32(x).map(Math.abs), 0, hi, counts);
}

function addToBins(values: Float32Array, lo: number, hi: number, counts: Float64Array): void {
  const binsPerUnit = checkedBinsPerUnit(lo, hi, counts.length);
  const origin = Math.fround(lo);
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const position = Math.fround(Math.fround(value - origin) * binsPerUnit);
    const bin = Math.min(Math.max(Math.floor(position), 0), counts.length - 1);
    counts[bin] = (counts[bin] as number) + 1;
  }
}
