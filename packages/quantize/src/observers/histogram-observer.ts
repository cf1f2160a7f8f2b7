import { emptyHistogram, type Histogram, limitFor, widen } from "../histogram.js";

/** Counts a tensor's elements in bins over [−limit, limit], on this thread or another. */
export type CountBins = (limit: number) => Promise<Float64Array>;

/**
 * Collects a histogram over all samples. Its range grows with the data, by doublings; no element is read twice. Shapes may differ
 * from sample to sample.
 */
export class HistogramObserver {
  private histogram: Histogram = emptyHistogram();
  private elements = 0;
  private counted = 0;
  private counting: { readonly limit: number; readonly counts: Promise<Float64Array> } | undefined;

  /** Adds one sample of `elements` elements in `range`; `count` bins it. The sample before must be settled. */
  add(range: readonly [number, number], elements: number, count: CountBins): void {
    this.elements += elements;
    const limit = Math.max(this.histogram.limit, elements === 0 ? 0 : limitFor(Math.max(-range[0], range[1])));
    if (limit > 0) this.counting = { limit, counts: count(limit) };
    else {
      this.histogram = { ...this.histogram, zeros: this.histogram.zeros + elements };
      this.counted += elements;
    }
  }

  /** Waits for the counts of the sample added last. False when an element was left out: a NaN. */
  async settle(): Promise<boolean> {
    if (!this.counting) return true;
    const { limit, counts } = this.counting;
    this.counting = undefined;
    this.histogram = widen(this.histogram, limit);
    this.counted += addInto(this.histogram.counts, await counts);
    return this.counted === this.elements;
  }

  result(): Histogram {
    return this.histogram;
  }
}

/** Adds `counts` to `target`; returns their sum. */
function addInto(target: Float64Array, counts: Float64Array): number {
  let sum = 0;
  for (let bin = 0; bin < target.length; bin += 1) {
    const count = counts[bin] as number;
    target[bin] = (target[bin] as number) + count;
    sum += count;
  }
  return sum;
}
