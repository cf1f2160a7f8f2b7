import type { Extremes, Kernels } from "@vlm-export/numerics";
import { emptyHistogram, HISTOGRAM_BINS, type Histogram, limitFor, widen } from "../histogram.js";
import type { SeenRange } from "./counter-messages.js";

/**
 * The histogram of one value over all samples. Its range grows with the data, by doublings; only a tensor that makes it grow is read
 * twice. Shapes may differ from sample to sample.
 */
export class ValueCounts {
  readonly #kernels: Kernels;
  /** Counts of one tensor; shared, for one is counted at a time. */
  readonly #scratch: Float64Array;
  #histogram: Histogram = emptyHistogram();

  constructor(kernels: Kernels, scratch: Float64Array) {
    this.#kernels = kernels;
    this.#scratch = scratch;
  }

  /** Adds a tensor; returns its range. One with NaN or infinity is not added. */
  add(x: Float32Array): SeenRange {
    const guess = this.#histogram.limit || 1;
    const [min, max] = seenRange(this.#count(x, guess));
    if (!Number.isFinite(max - min)) return [min, max];
    const limit = Math.max(this.#histogram.limit, limitFor(Math.max(-min, max)));
    if (limit === 0) this.#histogram = { ...this.#histogram, zeros: this.#histogram.zeros + x.length };
    else this.#grow(x, limit, limit === guess);
    return [min, max];
  }

  result(): Histogram {
    return this.#histogram;
  }

  #grow(x: Float32Array, limit: number, isCounted: boolean): void {
    if (!isCounted) this.#count(x, limit);
    this.#histogram = widen(this.#histogram, limit);
    const { counts } = this.#histogram;
    for (let bin = 0; bin < HISTOGRAM_BINS; bin += 1) counts[bin] = (counts[bin] as number) + (this.#scratch[bin] as number);
  }

  #count(x: Float32Array, limit: number): Extremes {
    this.#scratch.fill(0);
    return this.#kernels.histogram(x, -limit, limit, this.#scratch);
  }
}

/** Least and greatest element: [0, 0] without elements, NaN where there is one. */
export function seenRange({ min, max, nanCount }: Extremes): SeenRange {
  if (nanCount > 0) return [Number.NaN, Number.NaN];
  return min > max ? [0, 0] : [min, max];
}

/** Memory for {@link ValueCounts}. */
export function scratchCounts(): Float64Array {
  return new Float64Array(HISTOGRAM_BINS);
}
