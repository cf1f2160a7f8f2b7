import type { Histogram } from "../histogram.js";

/** What the counter is told when it is made. */
export interface CounterSettings {
  /** Values that are counted only once their channels' factors are known; see {@link Scale}. */
  readonly held: readonly string[];
  /** Runs until the factors are known. */
  readonly heldRuns: number;
  /** Threads that count, the engine's among them. */
  readonly threads: number;
  /** The model's own outputs: they leave the engine's thread as such. */
  readonly outputs: readonly string[];
}

/** Least and greatest element of one tensor. */
export type SeenRange = readonly [min: number, max: number];

/** Its answer to every run, by value. */
export type SeenRanges = ReadonlyMap<string, SeenRange>;

/** The factors by which the channels of held values are multiplied; counts what is held. */
export interface Scale {
  readonly kind: "scale";
  readonly factors: ReadonlyMap<string, Float32Array>;
}

/** What the counter can be asked for; it answers the second with {@link Histograms}. */
export type CounterQuestion = Scale | { readonly kind: "histograms" };

export type Histograms = ReadonlyMap<string, Histogram>;
