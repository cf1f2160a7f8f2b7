import { type Histogram, mergeHistograms } from "./histogram.js";

/** What was seen of one value over all samples. Which parts are there depends on what was asked; see {@link Need}. */
export interface ValueStatistics {
  /** Smallest and largest element of each sample, in order of the samples; exact. */
  readonly sampleMin: Float32Array;
  readonly sampleMax: Float32Array;
  /** All elements of all samples. */
  readonly histogram?: Histogram;
  /** By axis of channels. */
  readonly channels?: ReadonlyMap<number, ChannelStatistics>;
}

/** What was seen at each index of one axis of a value. */
export interface ChannelStatistics {
  readonly absmax: Float32Array;
  /** Mean of the samples' means. */
  readonly mean: Float32Array;
}

/** Statistics of a graph's values by name, all from the same samples. */
export interface Statistics {
  readonly samples: number;
  readonly values: ReadonlyMap<string, ValueStatistics>;
  /** Outputs of norms, by name, as they are with their channels scaled against the weights. */
  readonly equalized: ReadonlyMap<string, EqualizedStatistics>;
  /** True when nothing was run because the store knew all of it. */
  readonly cached: boolean;
}

/** A norm's output with channel k divided by factor k. */
export interface EqualizedStatistics {
  readonly factors: Float32Array;
  /** Integer ranges that the factors were chosen for. */
  readonly precision: string;
  readonly seen: ValueStatistics;
}

/** Smallest and largest element over all samples; [0, 0] without samples. */
export function extremesOf({ sampleMin, sampleMax }: ValueStatistics): readonly [min: number, max: number] {
  if (sampleMin.length === 0) return [0, 0];
  return [sampleMin.reduce((a, b) => Math.min(a, b)), sampleMax.reduce((a, b) => Math.max(a, b))];
}

/** The statistics of several values as if they were one: channels are left out. Histograms only when all have one. */
export function unionOf(all: readonly ValueStatistics[]): ValueStatistics {
  return all.reduce((a, b) => ({
    sampleMin: a.sampleMin.map((value, i) => Math.min(value, b.sampleMin[i] as number)),
    sampleMax: a.sampleMax.map((value, i) => Math.max(value, b.sampleMax[i] as number)),
    ...(a.histogram && b.histogram && { histogram: mergeHistograms(a.histogram, b.histogram) }),
  }));
}

/** What both runs over the same samples saw; the newer one where both saw a part. */
export function mergedStatistics(known: Statistics, newer: Statistics): Statistics {
  const values = new Map(known.values);
  for (const [name, seen] of newer.values) {
    const before = values.get(name);
    const channels = new Map([...(before?.channels ?? []), ...(seen.channels ?? [])]);
    values.set(name, { ...before, ...seen, ...(channels.size > 0 && { channels }) });
  }
  return { ...newer, values, equalized: new Map([...known.equalized, ...newer.equalized]) };
}
