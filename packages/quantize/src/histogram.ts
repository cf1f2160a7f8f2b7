/** Bins of a histogram over [−limit, limit]; at least a quarter of them lies between 0 and the largest magnitude seen. */
export const HISTOGRAM_BINS = 8192 as const;

const HALF = HISTOGRAM_BINS / 2;
const SMALLEST_EXPONENT = -100;
const LARGEST_EXPONENT = 127;

/**
 * Counts over the signed range [−limit, limit] in bins of one width; 0 is a bin edge. `limit` is a power of two, 0 as long as
 * only zeros were seen. Exact extremes are kept beside it.
 */
export interface Histogram {
  readonly limit: number;
  readonly counts: Float64Array;
  /** Elements equal to 0 that were counted while `limit` was 0. */
  readonly zeros: number;
}

export function emptyHistogram(): Histogram {
  return { limit: 0, counts: new Float64Array(HISTOGRAM_BINS), zeros: 0 };
}

/** The smallest power of two above `largest`, within [2^−100, 2^127]; 0 for 0. */
export function limitFor(largest: number): number {
  if (largest === 0) return 0;
  const estimate = Math.floor(Math.log2(largest)) + 1;
  const exponent = 2 ** estimate <= largest ? estimate + 1 : 2 ** (estimate - 1) > largest ? estimate - 1 : estimate;
  return 2 ** Math.min(Math.max(exponent, SMALLEST_EXPONENT), LARGEST_EXPONENT);
}

/**
 * The same counts over a wider limit: each doubling adds neighbouring bins, outward from 0, so that no element is read again.
 * `limit` must be a power of two; a smaller one than the histogram's changes nothing.
 */
export function widen(histogram: Histogram, limit: number): Histogram {
  if (limit <= histogram.limit) return histogram;
  const counts = new Float64Array(HISTOGRAM_BINS);
  if (histogram.limit === 0) {
    counts[HALF] = histogram.zeros;
    return { limit, counts, zeros: 0 };
  }
  const merged = limit / histogram.limit;
  histogram.counts.forEach((count, bin) => {
    if (count === 0) return;
    const target = HALF + Math.floor((bin - HALF) / merged);
    counts[target] = (counts[target] as number) + count;
  });
  return { limit, counts, zeros: 0 };
}

/** The counts of both, over the wider of the two limits. */
export function mergeHistograms(a: Histogram, b: Histogram): Histogram {
  const limit = Math.max(a.limit, b.limit);
  if (limit === 0) return { ...emptyHistogram(), zeros: a.zeros + b.zeros };
  const [wideA, wideB] = [widen(a, limit), widen(b, limit)];
  return { limit, counts: wideA.counts.map((count, bin) => count + (wideB.counts[bin] as number)), zeros: 0 };
}

/** Width of one bin. */
export function binWidth(histogram: Histogram): number {
  return histogram.limit / HALF;
}

/** Real value of the lower edge of `bin`. */
export function lowerEdge(histogram: Histogram, bin: number): number {
  return (bin - HALF) * binWidth(histogram);
}

/** Counts of |x| in `bins` equal bins over [0, largest]; a source bin that an edge cuts is shared by length. */
export function magnitudes(histogram: Histogram, largest: number, bins: number): Float64Array {
  const out = new Float64Array(bins);
  const width = binWidth(histogram);
  for (let step = 0; step < HALF; step += 1) {
    const count = (histogram.counts[HALF + step] as number) + (histogram.counts[HALF - 1 - step] as number);
    if (count === 0) continue;
    spread(count, [((step * width) / largest) * bins, (((step + 1) * width) / largest) * bins], out);
  }
  return out;
}

/** Adds `count` to the bins between two positions, by length; what lies beyond the last bin belongs to it. */
function spread(count: number, [begin, end]: readonly [number, number], out: Float64Array): void {
  const last = out.length - 1;
  for (let index = Math.min(Math.floor(begin), last); index <= last && index < end; index += 1) {
    const edge = index === last ? end : Math.min(end, index + 1);
    const share = (edge - Math.max(begin, index)) / (end - begin);
    if (share > 0) out[index] = (out[index] as number) + count * share;
  }
}
