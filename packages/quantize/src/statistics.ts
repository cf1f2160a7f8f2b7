import { type Histogram, mergeHistograms } from "./histogram.js";

/** A vector per axis of channels, with one element for each index of the axis. */
export type ByAxis = ReadonlyMap<number, Float32Array>;

/** The parts of statistics that are vectors by axis. */
export const AXIS_PARTS = ["means", "maxima", "looks"] as const;
export type AxisPart = (typeof AXIS_PARTS)[number];

/** What was seen of one value over all samples. Which parts are there depends on what was asked; see {@link Need}. */
export interface ValueStatistics {
  /** Smallest and largest element of each sample, in order of the samples; exact. */
  readonly sampleMin: Float32Array;
  readonly sampleMax: Float32Array;
  /** All elements of all samples, or those at even distances where there are very many. */
  readonly histogram?: Histogram;
  /** Mean of the samples' means. */
  readonly means?: ByAxis;
  /** Largest magnitude. */
  readonly maxima?: ByAxis;
  /** Largest magnitude in the first samples, before any scaling of channels. */
  readonly looks?: ByAxis;
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

/** Names of values that were −∞ somewhere and not +∞: masks, of which no range follows. */
export function maskedValues({ values }: Pick<Statistics, "values">): ReadonlySet<string> {
  return new Set([...values].flatMap(([name, seen]) => (extremesOf(seen)[0] === Number.NEGATIVE_INFINITY ? [name] : [])));
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
    const byAxis = AXIS_PARTS.map((part) => mergedAxes(before, seen, part));
    values.set(name, Object.assign({ ...before, ...seen }, ...byAxis) as ValueStatistics);
  }
  return { ...newer, values, equalized: new Map([...known.equalized, ...newer.equalized]) };
}

function mergedAxes(before: ValueStatistics | undefined, seen: ValueStatistics, part: AxisPart): Partial<ValueStatistics> {
  const axes = new Map([...(before?.[part] ?? []), ...(seen[part] ?? [])]);
  return axes.size > 0 ? { [part]: axes } : {};
}
