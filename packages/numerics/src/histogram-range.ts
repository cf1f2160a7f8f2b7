import { histogramRange } from "./errors.js";

/** Most bins of one histogram. */
export const MAX_BINS: number = 65536;

/** bins / (hi − lo) rounded to f32; throws VX-CAL-HISTOGRAM-RANGE when no finite positive value comes out. */
export function checkedBinsPerUnit(lo: number, hi: number, bins: number): number {
  const [low, high] = [Math.fround(lo), Math.fround(hi)];
  const binsPerUnit = Math.fround(bins / (high - low));
  const fine = Number.isFinite(low) && Number.isFinite(high) && high > low && Number.isFinite(binsPerUnit) && binsPerUnit > 0;
  if (!fine || bins < 1 || bins > MAX_BINS) throw histogramRange(lo, hi, bins);
  return binsPerUnit;
}
