import { extremesOf, type ValueStatistics } from "../statistics.js";
import type { Calibrator, RealRange } from "./calibrator.js";

/**
 * The extremes over all samples. With `movingAverage` c: the extremes of the first sample, then m ← m + c · (extreme − m) for
 * each further one.
 */
export const minmax: Calibrator = {
  name: "minmax",
  needsHistogram: false,
  rangeOf(statistics, method) {
    return method.movingAverage === undefined ? extremesOf(statistics) : movingAverage(statistics, method.movingAverage);
  },
};

function movingAverage({ sampleMin, sampleMax }: ValueStatistics, weight: number): RealRange {
  const average = (values: Float32Array): number => values.reduce((mean, value) => mean + weight * (value - mean), values[0] ?? 0);
  return [average(sampleMin), average(sampleMax)];
}
