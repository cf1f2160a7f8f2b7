import { type Histogram, mergeHistograms } from "./histogram.js";

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

/** Statistics of several values taken as one: extremes per sample, histograms added up. Channel parts are left out. */
export function mergeStatistics(parts: readonly ValueStatistics[]): ValueStatistics {
  const [first, ...rest] = parts;
  if (!first) return { elements: 0, sampleMin: new Float32Array(0), sampleMax: new Float32Array(0) };
  return rest.reduce<ValueStatistics>((a, b) => {
    const histogram = a.histogram && b.histogram && mergeHistograms(a.histogram, b.histogram);
    return {
      elements: a.elements + b.elements,
      sampleMin: a.sampleMin.map((value, i) => Math.min(value, b.sampleMin[i] ?? value)),
      sampleMax: a.sampleMax.map((value, i) => Math.max(value, b.sampleMax[i] ?? value)),
      ...(histogram && { histogram }),
    };
  }, first);
}
