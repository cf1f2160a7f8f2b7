import { magnitudes } from "../histogram.js";
import { extremesOf } from "../statistics.js";
import { type Calibrator, clipped, type Grid, type RealRange, tellingHistogram } from "./calibrator.js";

const BINS = 2048;
const MOST_CLIPPED = 1e-3;
/** Count that Q has where only clipped mass falls: the divergence stays finite and grows with that mass. */
const TRACE = 1e-4;
/** Divergences this close are equal: sums of so many terms are not more exact. */
const SLACK = 1e-12;
const STRIDE = 32;

/**
 * The threshold whose quantized distribution has the least Kullback–Leibler divergence from the clipped one (S. Migacz, "8-bit
 * inference with TensorRT", 2017): |x| in 2048 bins; for every candidate of i bins from `levels` (128 for 8 bits) on, P is the
 * first i bins with the rest added to the last of them, Q the first i bins merged into `levels` and spread evenly over the
 * filled bins of each. More levels than bins lose nothing: then the extremes stay. Candidates that clip more than 1 in 1000
 * elements are left out: on values with a spike (flat backgrounds, zeros of Relu) the bare divergence would clip most of the rest.
 */
export const entropy: Calibrator = {
  name: "entropy",
  needsHistogram: true,
  rangeOf(statistics, _method, grid) {
    const [min, max] = extremesOf(statistics);
    const histogram = tellingHistogram(statistics);
    const levels = levelsOf([min, max], grid);
    if (!histogram || levels >= BINS) return [min, max];
    const largest = Math.max(-min, max);
    const threshold = (bestCandidate(withoutZeros(magnitudes(histogram, largest, BINS)), levels) / BINS) * largest;
    return clipped([min, max], threshold);
  },
};

/** Integer levels for |x|: those on the side of 0 that reaches further; 128 for symmetric 8 bits, 256 for one-sided asymmetric. */
function levelsOf([min, max]: RealRange, { range: [qmin, qmax], symmetric }: Grid): number {
  const [low, high] = [Math.min(min, 0), Math.max(max, 0)];
  const share = symmetric ? 0.5 : Math.max(-low, high) / (high - low);
  return Math.ceil((qmax - qmin + 1) * share);
}

/** Counts with those of the first bin replaced by the second's: zeros are represented exactly whatever the threshold. */
function withoutZeros(counts: Float64Array): Float64Array {
  const copy = counts.slice();
  copy[0] = counts[1] as number;
  return copy;
}

/** Number of bins, in [levels, counts.length], that the best candidate keeps; the widest of equals. */
export function bestCandidate(counts: Float64Array, levels: number): number {
  const sums = prefixSums(counts);
  let [best, least] = [counts.length, Number.POSITIVE_INFINITY];
  const total = sums.count[counts.length] as number;
  for (const kept of candidates(levels, counts.length)) {
    if (total - (sums.count[kept] as number) > total * MOST_CLIPPED) continue;
    const divergence = divergenceOf(counts, sums, { kept, levels, least });
    if (divergence > least + SLACK) continue;
    best = divergence < least - SLACK ? kept : Math.max(best, kept);
    least = Math.min(least, divergence);
  }
  return best;
}

/** [first, last], some of them all over it first: the least divergence is soon near, and most candidates are left early. */
function* candidates(first: number, last: number): Generator<number> {
  for (let kept = last; kept >= first; kept -= STRIDE) yield kept;
  for (let kept = first; kept <= last; kept += 1) if ((last - kept) % STRIDE !== 0) yield kept;
}

interface PrefixSums {
  readonly count: Float64Array;
  /** Filled bins. */
  readonly filled: Int32Array;
  /** Σ c·ln c */
  readonly information: Float64Array;
}

const xlogx = (x: number): number => (x > 0 ? x * Math.log(x) : 0);

function prefixSums(counts: Float64Array): PrefixSums {
  const size = counts.length + 1;
  const sums = { count: new Float64Array(size), filled: new Int32Array(size), information: new Float64Array(size) };
  counts.forEach((count, bin) => {
    sums.count[bin + 1] = (sums.count[bin] as number) + count;
    sums.filled[bin + 1] = (sums.filled[bin] as number) + (count > 0 ? 1 : 0);
    sums.information[bin + 1] = (sums.information[bin] as number) + xlogx(count);
  });
  return sums;
}

interface Candidate {
  /** Bins that are kept. */
  readonly kept: number;
  readonly levels: number;
  /** A divergence above this one need not be known: it comes out as infinity. */
  readonly least: number;
}

/**
 * Σ p·ln(p/q) with p = P/N, q = Q/M, N = all counts, M = the counts kept. Q is constant over the filled bins of a level (the
 * last bin counts as filled when clipped mass was added to it), so a level adds Σ P·ln P − ΣP · ln Q. For all levels but the last
 * that is at least 0 (log sum inequality): once the least divergence is passed, no further level is looked at.
 */
function divergenceOf(counts: Float64Array, sums: PrefixSums, { kept, levels, least }: Candidate): number {
  const total = sums.count[counts.length] as number;
  const inside = sums.count[kept] as number;
  if (inside === 0) return Number.POSITIVE_INFINITY;
  const shift = Math.log(inside) - Math.log(total);
  const most = (least - shift + SLACK) * total;
  let sum = lastLevel(counts, sums, Math.ceil(((levels - 1) * kept) / levels), kept);
  for (let level = 0, begin = 0; level < levels - 1 && sum <= most; level += 1) {
    const end = Math.ceil(((level + 1) * kept) / levels);
    const mass = (sums.count[end] as number) - (sums.count[begin] as number);
    if (mass > 0) {
      const filled = (sums.filled[end] as number) - (sums.filled[begin] as number);
      sum += (sums.information[end] as number) - (sums.information[begin] as number) - mass * Math.log(mass / filled);
    }
    begin = end;
  }
  return sum > most ? Number.POSITIVE_INFINITY : sum / total + shift;
}

/** What the level of bins [begin, kept) adds, with all that is clipped in its last bin. */
function lastLevel(counts: Float64Array, sums: PrefixSums, begin: number, kept: number): number {
  const outside = (sums.count[counts.length] as number) - (sums.count[kept] as number);
  const mass = (sums.count[kept] as number) - (sums.count[begin] as number);
  if (mass + outside === 0) return 0;
  const last = counts[kept - 1] as number;
  const filled = (sums.filled[kept] as number) - (sums.filled[begin] as number) + (outside > 0 && last === 0 ? 1 : 0);
  const information = (sums.information[kept - 1] as number) - (sums.information[begin] as number) + xlogx(last + outside);
  return information - (mass + outside) * Math.log(mass > 0 ? mass / filled : TRACE);
}
