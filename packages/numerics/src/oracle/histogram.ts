import { checkedBinsPerUnit } from "../histogram-range.js";
import type { Extremes, Floats } from "../kernels.js";
import { toFloat32 } from "./convert.js";
import { rangeOf } from "./range-of.js";

/** counts[clamp(floor(f32(x − lo) · binsPerUnit), 0, bins − 1)] += 1 for every x but NaN. */
export function histogram(x: Floats, lo: number, hi: number, counts: Float64Array): Extremes {
  const binsPerUnit = checkedBinsPerUnit(lo, hi, counts.length);
  const origin = Math.fround(lo);
  for (const value of toFloat32(x)) {
    if (Number.isNaN(value)) continue;
    const position = Math.fround(Math.fround(value - origin) * binsPerUnit);
    const bin = Math.min(Math.max(Math.floor(position), 0), counts.length - 1);
    counts[bin] = (counts[bin] as number) + 1;
  }
  const { min, max, nanCount } = rangeOf(x);
  return { min, max, nanCount };
}
