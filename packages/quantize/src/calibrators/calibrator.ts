import type { RangeMethod } from "@vlm-export/recipe";
import type { Histogram } from "../histogram.js";
import { extremesOf, type ValueStatistics } from "../statistics.js";

/** A real range, min ≤ max. */
export type RealRange = readonly [min: number, max: number];

/** The integers that a range will be mapped to. */
export interface Grid {
  /** Inclusive integer range. */
  readonly range: readonly [qmin: number, qmax: number];
  readonly symmetric: boolean;
}

/** Turns the statistics of a value into the real range that its integers shall cover. Pure. */
export interface Calibrator {
  readonly name: RangeMethod["name"];
  /** Reads the histogram; without it, extremes are enough. */
  readonly needsHistogram: boolean;
  rangeOf(statistics: ValueStatistics, method: RangeMethod, grid: Grid): RealRange;
}

/** The extremes cut at ±threshold, never inside out. */
export function clipped([min, max]: RealRange, threshold: number): RealRange {
  return [Math.min(Math.max(min, -threshold), max), Math.max(Math.min(max, threshold), min)];
}

/** The histogram where it says more than the extremes: not of zeros alone, nor of numbers beyond its widest limit, which all lie in its last bin. */
export function tellingHistogram(statistics: ValueStatistics): Histogram | undefined {
  const { histogram } = statistics;
  const [min, max] = extremesOf(statistics);
  return histogram && histogram.limit > 0 && Math.max(-min, max) <= histogram.limit ? histogram : undefined;
}
