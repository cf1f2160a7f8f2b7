import type { Extremes, Kernels } from "@vlm-export/numerics";
import { emptyHistogram, HISTOGRAM_BINS, type Histogram, limitFor, widen } from "../histogram.js";
import type { SeenRange } from "./counter-messages.js";

/**
 * The histogram of one value over all samples. Its range grows with the data, by doublings; only a tensor that makes it grow is read
 * again. Shapes may differ from sample to sample.
 */
export class ValueCounts {
  readonly #kernels: Kernels;
  /** Counts of one tensor, to take back; shared, for one is counted at a time. */
  readonly #scratch: Float64Array;
  #histogram: Histogram = emptyHistogram();

  constructor(kernels: Kernels, scratch: Float64Array) {
    this.#kernels = kernels;
    this.#scratch = scratch;
  }

  /** Adds a tensor; returns its range. One with NaN or infinity is not added. */
  add(x: Float32Array): SeenRange {
    const { limit } = this.#histogram;
    const [min, max] = this.#count(x, limit);
    const isFinite = Number.isFinite(max - min);
    const wanted = isFinite ? Math.max(limit, limitFor(Math.max(-min, max))) : limit;
    if (isFinite && wanted === limit && limit > 0) return [min, max];
    this.#takeBack(x, limit);
    if (isFinite) this.#grow(x, wanted);
    return [min, max];
  }

  result(): Histogram {
    return this.#histogram;
  }

  /** Into the histogram itself, which mostly is wide enough; before there is one, only the range is wanted. */
  #count(x: Float32Array, limit: number): SeenRange {
    return seenRange(limit > 0 ? this.#kernels.histogram(x, -limit, limit, this.#histogram.counts) : this.#kernels.rangeOf(x));
  }

  #takeBack(x: Float32Array, limit: number): void {
    if (limit === 0) return;
    this.#scratch.fill(0);
    this.#kernels.histogram(x, -limit, limit, this.#scratch);
    const { counts } = this.#histogram;
    for (let bin = 0; bin < HISTOGRAM_BINS; bin += 1) counts[bin] = (counts[bin] as number) - (this.#scratch[bin] as number);
  }

  #grow(x: Float32Array, limit: number): void {
    if (limit === 0) {
      this.#histogram = { ...this.#histogram, zeros: this.#histogram.zeros + x.length };
      return;
    }
    this.#histogram = widen(this.#histogram, limit);
    this.#count(x, limit);
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
