import { createOracleKernels } from "@vlm-export/numerics";
import { array, assert, constantFrom, double, integer, property } from "fast-check";
import { expect, test } from "vitest";
import {
  binWidth,
  emptyHistogram,
  HISTOGRAM_BINS,
  type Histogram,
  limitFor,
  lowerEdge,
  magnitudes,
  mergeHistograms,
  widen,
} from "./histogram.js";

const kernels = createOracleKernels();
/** Multiples of 2^-6 up to 2^6: every bin edge and sum is exact in f32. */
const dyadic = integer({ min: -4096, max: 4096 }).map((n) => n / 64);

function histogramOf(values: readonly number[], limit: number): Histogram {
  const counts = new Float64Array(HISTOGRAM_BINS);
  kernels.histogram(Float32Array.from(values), -limit, limit, counts);
  return { limit, counts, zeros: 0 };
}

test("limitFor is the least power of two above the magnitude", () => {
  assert(
    property(double({ min: 1e-20, max: 1e20, noNaN: true }), (largest) => {
      const limit = limitFor(largest);
      expect(Number.isInteger(Math.log2(limit))).toBe(true);
      expect(limit > largest && limit / 2 <= largest).toBe(true);
    }),
  );
  expect([0, 1, 2, 3].map(limitFor)).toEqual([0, 2, 4, 4]);
});

test("widening by doublings equals counting again over the wider range", () => {
  assert(
    property(array(dyadic, { minLength: 1 }), constantFrom(1, 2, 8, 64), (values, factor) => {
      const limit = limitFor(Math.max(...values.map(Math.abs))) || 1;
      expect(widen(histogramOf(values, limit), limit * factor).counts).toEqual(histogramOf(values, limit * factor).counts);
    }),
    { numRuns: 30 },
  );
});

test("merging two histograms equals counting both, whatever their ranges", () => {
  assert(
    property(array(dyadic, { minLength: 1 }), array(dyadic, { minLength: 1 }), (a, b) => {
      const of = (values: readonly number[]): Histogram => {
        const limit = limitFor(Math.max(...values.map(Math.abs)));
        return limit === 0 ? { ...emptyHistogram(), zeros: values.length } : histogramOf(values, limit);
      };
      const merged = mergeHistograms(of(a), of(b));
      const direct = of([...a, ...b]);
      expect(merged).toEqual(direct);
    }),
    { numRuns: 30 },
  );
});

test("magnitudes keep the total and put every element in its bin", () => {
  assert(
    property(array(dyadic, { minLength: 1 }), (values) => {
      const largest = Math.max(...values.map(Math.abs));
      if (largest === 0) return;
      const histogram = histogramOf(values, limitFor(largest));
      const counts = magnitudes(histogram, largest, 64);
      expect(counts.reduce((a, b) => a + b, 0)).toBeCloseTo(values.length, 6);
      const below = counts.subarray(0, 32).reduce((a, b) => a + b, 0);
      const slack = values.filter((v) => Math.abs(Math.abs(v) - largest / 2) <= 2 * binWidth(histogram)).length;
      expect(Math.abs(below - values.filter((v) => Math.abs(v) < largest / 2).length)).toBeLessThanOrEqual(slack + 1e-9);
    }),
  );
});

test("magnitudes far below the width of a bin count in the last one", () => {
  const histogram = {
    ...emptyHistogram(),
    limit: 2 ** -100,
    counts: emptyHistogram().counts.map((_, bin) => (bin === HISTOGRAM_BINS / 2 ? 8 : 0)),
  };
  const counts = magnitudes(histogram, 1e-45, 64);
  expect([counts[63], counts[0]]).toEqual([expect.closeTo(8, 6), expect.closeTo(0, 6)]);
});

test("0 is a bin edge", () => {
  const histogram = histogramOf([0], 4);
  expect(lowerEdge(histogram, histogram.counts.indexOf(1))).toBe(0);
});
