import type { Histogram } from "./histogram.js";

/** What was seen of one value over all samples. Which parts are there depends on what was asked; see {@link Need}. */
export interface ValueStatistics {
  /** Elements over all samples. */
  readonly elements: number;
  /** Smallest and largest element of each sample, in order of the samples; exact. */
  readonly sampleMin: Float32Array;
  readonly sampleMax: Float32Array;
  readonly histogram?: Histogram;
  /** Largest magnitude at each index of the measured axis. */
  readonly channelAbsmax?: Float32Array;
  /** Mean at each index of the measured axis. */
  readonly channelMean?: Float32Array;
}

/** Parts of the statistics of a value: extremes are always there. */
export type Need = "extremes" | "histogram" | "channelAbsmax" | "channelMean";

/** Statistics of a graph's values by name, all from the same samples. */
export interface Statistics {
  readonly samples: number;
  readonly values: ReadonlyMap<string, ValueStatistics>;
  /** True when nothing was run because the store knew all of it. */
  readonly cached: boolean;
}

/** Smallest and largest element over all samples; [0, 0] without samples. */
export function extremesOf(statistics: ValueStatistics): readonly [min: number, max: number] {
  if (statistics.sampleMin.length === 0) return [0, 0];
  const min = statistics.sampleMin.reduce((a, b) => Math.min(a, b));
  const max = statistics.sampleMax.reduce((a, b) => Math.max(a, b));
  return [min, max];
}
