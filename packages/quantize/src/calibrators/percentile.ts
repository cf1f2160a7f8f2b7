import { binWidth, HISTOGRAM_BINS, type Histogram, lowerEdge, magnitudes } from "../histogram.js";
import { extremesOf } from "../statistics.js";
import { type Calibrator, clipped, tellingHistogram } from "./calibrator.js";

/**
 * Keeps `percentile` percent of the values. Symmetric: cut where that share of |x| lies below. Asymmetric: half of the rest is
 * cut on each side. Linear inside a bin; never wider than the extremes. Without a percentage all are kept.
 */
export const percentile: Calibrator = {
  name: "percentile",
  needsHistogram: true,
  rangeOf(statistics, method, { symmetric }) {
    const [min, max] = extremesOf(statistics);
    const histogram = tellingHistogram(statistics);
    if (!histogram) return [min, max];
    const rest = 1 - (method.percentile ?? 100) / 100;
    if (symmetric) {
      const largest = Math.max(-min, max);
      const cut = quantile(magnitudes(histogram, largest, HISTOGRAM_BINS), 1 - rest) * (largest / HISTOGRAM_BINS);
      return clipped([min, max], cut);
    }
    const at = (share: number): number => real(histogram, quantile(histogram.counts, share));
    return [Math.min(Math.max(min, at(rest / 2)), max), Math.max(Math.min(max, at(1 - rest / 2)), min)];
  },
};

function real(histogram: Histogram, position: number): number {
  return lowerEdge(histogram, 0) + position * binWidth(histogram);
}

/** Position (bin index and fraction) below which `share` of the counts lie. */
function quantile(counts: Float64Array, share: number): number {
  const target = share * counts.reduce((a, b) => a + b, 0);
  let below = 0;
  for (let bin = 0; bin < counts.length; bin += 1) {
    const count = counts[bin] as number;
    if (count > 0 && below + count >= target) return bin + (target - below) / count;
    below += count;
  }
  return counts.length;
}
