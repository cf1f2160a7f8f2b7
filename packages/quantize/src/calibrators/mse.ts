import { activationQParams } from "../activation-qparams.js";
import { binWidth, type Histogram, lowerEdge } from "../histogram.js";
import { extremesOf } from "../statistics.js";
import { type Calibrator, type Grid, type RealRange, tellingHistogram } from "./calibrator.js";

const COARSE_STEPS = 32;
const SMALLEST_SHRINK = 1 / 64;
const REFINED = [0.94, 0.97, 1.03, 1.06];
const ROUNDS = 4;

/**
 * The range with the least expected squared error of quantizing and clipping, elements taken as spread evenly inside a bin.
 * Searched over both ends shrunk alike, geometrically down to 1/64, then over each end alone.
 */
export const mse: Calibrator = {
  name: "mse",
  needsHistogram: true,
  rangeOf(statistics, _method, grid) {
    const extremes = extremesOf(statistics);
    const histogram = tellingHistogram(statistics);
    if (!histogram) return extremes;
    const filled = filledBins(histogram);
    const errorOf = (range: RealRange): number => expectedError(filled, range, grid);
    return refine(coarse(extremes, errorOf), extremes, errorOf);
  },
};

type ErrorOf = (range: RealRange) => number;

function coarse([min, max]: RealRange, errorOf: ErrorOf): RealRange {
  const candidates = Array.from({ length: COARSE_STEPS + 1 }, (_, step) => SMALLEST_SHRINK ** (step / COARSE_STEPS));
  return bestOf(
    candidates.map((shrink): RealRange => [min * shrink, max * shrink]),
    errorOf,
  );
}

/** Coordinate descent: each end moved by a few percent while that helps, inside the extremes. */
function refine(start: RealRange, [low, high]: RealRange, errorOf: ErrorOf): RealRange {
  let best = start;
  for (let round = 0; round < ROUNDS; round += 1) {
    const [min, max] = best;
    const moves = REFINED.flatMap((factor): RealRange[] => [
      [Math.max(min * factor, Math.min(low, 0)), max],
      [min, Math.min(max * factor, Math.max(high, 0))],
    ]);
    const next = bestOf([best, ...moves], errorOf);
    if (next === best) break;
    best = next;
  }
  return best;
}

function bestOf(candidates: readonly RealRange[], errorOf: ErrorOf): RealRange {
  let [best, least] = [candidates[0] as RealRange, Number.POSITIVE_INFINITY];
  for (const candidate of candidates) {
    const error = errorOf(candidate);
    if (error < least) [best, least] = [candidate, error];
  }
  return best;
}

interface FilledBins {
  /** Lower edge and count of each filled bin, in order. */
  readonly edges: Float64Array;
  readonly counts: Float64Array;
  readonly width: number;
}

/** The filled bins, two neighbours as one: fine enough, as an 8-bit step spans 16 of them. */
function filledBins(histogram: Histogram): FilledBins {
  const { counts } = histogram;
  const pairs = counts.subarray(0, counts.length / 2).map((_, i) => (counts[2 * i] as number) + (counts[2 * i + 1] as number));
  const filled = [...pairs.keys()].filter((pair) => (pairs[pair] as number) > 0);
  return {
    edges: Float64Array.from(filled, (pair) => lowerEdge(histogram, 2 * pair)),
    counts: Float64Array.from(filled, (pair) => pairs[pair] as number),
    width: 2 * binWidth(histogram),
  };
}

/** Σ over bins of count · mean squared error in the bin. */
function expectedError({ edges, counts, width }: FilledBins, range: RealRange, grid: Grid): number {
  const { scale, zeroPoint } = activationQParams(range, grid);
  const [low, high] = [(grid.range[0] - zeroPoint) * scale, (grid.range[1] - zeroPoint) * scale];
  let [sum, end, upToEnd] = [0, Number.NaN, 0];
  for (let i = 0; i < edges.length; i += 1) {
    const begin = edges[i] as number;
    const upToBegin = begin === end ? upToEnd : errorIntegral(begin, scale, low, high);
    end = begin + width;
    upToEnd = errorIntegral(end, scale, low, high);
    sum += (counts[i] as number) * (upToEnd - upToBegin);
  }
  return sum / width;
}

/** ∫ from 0 to x of (t − quantized t)² dt: a saw of steps `scale` anchored at 0 inside [low, high], a cubic beyond. */
function errorIntegral(x: number, scale: number, low: number, high: number): number {
  const inside = x < low ? low : x > high ? high : x;
  const steps = Math.floor(inside / scale + 0.5);
  const rest = inside - steps * scale;
  const beyond = x - inside;
  return (steps * scale * scale * scale) / 12 + (rest * rest * rest) / 3 + (beyond * beyond * beyond) / 3;
}
