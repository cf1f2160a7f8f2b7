import { readFileSync } from "node:fs";
import { createOracleKernels } from "@vlm-export/numerics";
import { assert, constantFrom, double, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { activationQParams } from "../activation-qparams.js";
import { HISTOGRAM_BINS, limitFor } from "../histogram.js";
import type { ValueStatistics } from "../statistics.js";
import type { Grid, RealRange } from "./calibrator.js";
import { calibrators } from "./calibrators.js";
import { bestCandidate } from "./entropy.js";

const kernels = createOracleKernels();
const asymmetric: Grid = { range: [0, 255], symmetric: false };
const symmetric: Grid = { range: [-127, 127], symmetric: true };

function statisticsOf(values: Float32Array): ValueStatistics {
  const { min, max } = kernels.rangeOf(values);
  const limit = limitFor(Math.max(-min, max));
  const counts = new Float64Array(HISTOGRAM_BINS);
  if (limit > 0) kernels.histogram(values, -limit, limit, counts);
  return {
    sampleMin: Float32Array.of(min),
    sampleMax: Float32Array.of(max),
    histogram: { limit, counts, zeros: limit === 0 ? values.length : 0 },
  };
}

/** Deterministic normal-like values with a share of large ones. */
function samples(seed: number, count: number, shift: number, tail: number): Float32Array {
  let state = seed >>> 0 || 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => {
    const normal = Array.from({ length: 6 }, uniform).reduce((a, b) => a + b, 0) - 3;
    return normal + shift + (uniform() < 0.002 ? normal * tail : 0);
  });
}

const seed = integer({ min: 1, max: 1e6 });
const shift = constantFrom(0, 0, 0.7, 5, -5);
const tail = constantFrom(0, 5, 40);

function squaredError(values: Float32Array, range: RealRange, grid: Grid): number {
  const { scale, zeroPoint } = activationQParams(range, grid);
  const [qmin, qmax] = grid.range;
  return values.reduce((sum, x) => {
    const q = Math.min(Math.max(Math.round(x / scale) + zeroPoint, qmin), qmax);
    return sum + (x - (q - zeroPoint) * scale) ** 2;
  }, 0);
}

test.each(Object.entries(calibrators))(
  "%s has that name, in its file too, and stands in the glossary and in the README",
  (word, { name }) => {
    const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
    expect(name).toBe(word);
    expect(text(`${word}.ts`), `${word}.ts`).toContain(`name: "${word}"`);
    for (const page of ["../../../../GLOSSARY.md", "../../README.md"])
      expect(text(page), page).toMatch(new RegExp(`[Cc]alibrator.*\\b${word}\\b`));
  },
);

test("every calibrator stays inside the extremes", () => {
  assert(
    property(seed, shift, tail, (s, by, t) => {
      const statistics = statisticsOf(samples(s, 2000, by, t));
      const [min, max] = calibrators.minmax.rangeOf(statistics, { name: "minmax" }, asymmetric);
      for (const calibrator of Object.values(calibrators))
        for (const grid of [symmetric, asymmetric]) {
          const [low, high] = calibrator.rangeOf(statistics, { name: calibrator.name, percentile: 99 }, grid);
          expect(low >= Math.min(min, 0) && high <= Math.max(max, 0) && low <= high).toBe(true);
        }
    }),
    { numRuns: 30 },
  );
});

test("percentile cuts the wanted share on each side, to a bin", () => {
  assert(
    property(seed, shift, constantFrom(50.5, 90, 99, 99.9), (s, by, percentile) => {
      const values = samples(s, 4000, by, 5).sort();
      const [low, high] = calibrators.percentile.rangeOf(statisticsOf(values), { name: "percentile", percentile }, asymmetric);
      const cut = ((100 - percentile) / 200) * values.length;
      const slack = 2 + values.length / 200;
      expect(Math.abs(values.filter((x) => x < low).length - cut)).toBeLessThan(slack);
      expect(Math.abs(values.filter((x) => x > high).length - cut)).toBeLessThan(slack);
    }),
    { numRuns: 30 },
  );
});

test("symmetric percentile cuts the share of magnitudes", () => {
  const values = samples(7, 20000, 0, 5);
  const [low, high] = calibrators.percentile.rangeOf(statisticsOf(values), { name: "percentile", percentile: 99 }, symmetric);
  expect(low).toBe(-high);
  expect(values.filter((x) => Math.abs(x) > high).length).toBeCloseTo(200, -1);
});

test("percentile 100 is minmax", () => {
  const statistics = statisticsOf(samples(3, 1000, 0.7, 5));
  const wide = calibrators.percentile.rangeOf(statistics, { name: "percentile", percentile: 100 }, asymmetric);
  const extremes = calibrators.minmax.rangeOf(statistics, { name: "minmax" }, asymmetric);
  expect(wide[0]).toBeCloseTo(extremes[0], 2);
  expect(wide[1]).toBeCloseTo(extremes[1], 2);
});

test("numbers beyond the widest histogram keep their extremes", () => {
  const statistics = statisticsOf(Float32Array.of(3e38, 2.5e38, 1e38, 5));
  for (const calibrator of Object.values(calibrators))
    expect(calibrator.rangeOf(statistics, { name: calibrator.name, percentile: 60 }, asymmetric)).toEqual([5, Math.fround(3e38)]);
});

test("the moving average starts at the first sample and follows the newest by its weight", () => {
  const statistics = { sampleMin: Float32Array.of(-1, -2, -4), sampleMax: Float32Array.of(1, 1, 5) };
  expect(calibrators.minmax.rangeOf(statistics, { name: "minmax", movingAverage: 0.5 }, asymmetric)).toEqual([-2.75, 3]);
  expect(calibrators.minmax.rangeOf(statistics, { name: "minmax" }, asymmetric)).toEqual([-4, 5]);
});

/** The definition, bin by bin. */
function bruteForceEntropy(counts: Float64Array, levels: number): number {
  let [best, least] = [counts.length, Number.POSITIVE_INFINITY];
  const total = counts.reduce((a, b) => a + b, 0);
  for (let kept = levels; kept <= counts.length; kept += 1) {
    if (counts.subarray(kept).reduce((a, b) => a + b, 0) > total / 1000) continue;
    const p = counts.slice(0, kept);
    p[kept - 1] = (p[kept - 1] as number) + counts.subarray(kept).reduce((a, b) => a + b, 0);
    const keptMass = counts.subarray(0, kept).reduce((a, b) => a + b, 0);
    const q = new Float64Array(kept);
    for (let level = 0; level < levels; level += 1) {
      const bins = [...q.keys()].filter((j) => Math.floor((j * levels) / kept) === level && (p[j] as number) > 0);
      const mass = bins.reduce((sum, j) => sum + (counts[j] as number), 0);
      for (const j of bins) q[j] = mass > 0 ? mass / bins.length : 1e-4;
    }
    const sumP = p.reduce((a, b) => a + b, 0);
    const divergence = p.reduce((sum, x, j) => (x > 0 ? sum + (x / sumP) * Math.log(x / sumP / ((q[j] as number) / keptMass)) : sum), 0);
    if (divergence <= least + 1e-13) [best, least] = [kept, Math.min(least, divergence)];
  }
  return best;
}

test("entropy by prefix sums picks the candidate of the definition", () => {
  assert(
    property(seed, tail, constantFrom(8, 16, 32), (s, t, levels) => {
      const counts = new Float64Array(256);
      const values = samples(s, 3000, 0, t);
      kernels.histogram(values.map(Math.abs), 0, Math.max(...values.map(Math.abs)), counts);
      const [fast, slow] = [bestCandidate(counts, levels), bruteForceEntropy(counts, levels)];
      expect(Math.abs(fast - slow)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 20 },
  );
});

test("entropy clips rare outliers and keeps an even distribution whole", () => {
  const outliers = samples(5, 50000, 0, 0);
  outliers[0] = 100;
  const [low, high] = calibrators.entropy.rangeOf(statisticsOf(outliers), { name: "entropy" }, symmetric);
  expect(high).toBeLessThan(20);
  expect(low).toBeGreaterThan(-20);
  const even = Float32Array.from({ length: 40000 }, (_, i) => i / 20000 - 1);
  expect(calibrators.entropy.rangeOf(statisticsOf(even), { name: "entropy" }, symmetric)[0]).toBeCloseTo(-1, 2);
});

test("mse is no worse than minmax on the data itself, and near the best of a fine search", () => {
  assert(
    property(seed, shift, tail, constantFrom(symmetric, asymmetric, { range: [-7, 7], symmetric: true } as Grid), (s, by, t, grid) => {
      const values = samples(s, 3000, by, t);
      const statistics = statisticsOf(values);
      const error = squaredError(values, calibrators.mse.rangeOf(statistics, { name: "mse" }, grid), grid);
      const [min, max] = calibrators.minmax.rangeOf(statistics, { name: "minmax" }, grid);
      const shrinks = Array.from({ length: 100 }, (_, i) => (i + 1) / 100);
      const best = Math.min(...shrinks.map((k) => squaredError(values, [min * k, max * k], grid)));
      expect(error).toBeLessThanOrEqual(best * 1.1);
    }),
    { numRuns: 30 },
  );
});

test("constant and all-zero values have a usable scale with every calibrator", () => {
  assert(
    property(constantFrom(0, 3, -3, 1e-30, 1e30), constantFrom(symmetric, asymmetric), (value, grid) => {
      const statistics = statisticsOf(new Float32Array(10).fill(value));
      for (const calibrator of Object.values(calibrators)) {
        const { scale, zeroPoint } = activationQParams(calibrator.rangeOf(statistics, { name: calibrator.name }, grid), grid);
        expect(scale > 0 && Number.isFinite(scale)).toBe(true);
        expect(zeroPoint >= grid.range[0] && zeroPoint <= grid.range[1]).toBe(true);
      }
    }),
  );
});

test("0 is exactly representable and the range is covered", () => {
  const range = double({ min: -1e3, max: 1e3, noNaN: true });
  assert(
    property(range, range, constantFrom(symmetric, asymmetric, { range: [-32768, 32767], symmetric: false } as Grid), (a, b, grid) => {
      const [min, max] = [Math.min(a, b), Math.max(a, b)];
      const { scale, zeroPoint } = activationQParams([min, max], grid);
      expect(Number.isInteger(zeroPoint)).toBe(true);
      if (Math.max(Math.abs(min), Math.abs(max)) < 1e-15) return;
      expect((grid.range[0] - zeroPoint) * scale).toBeLessThanOrEqual(Math.min(min, 0) + scale * 0.51);
      expect((grid.range[1] - zeroPoint) * scale).toBeGreaterThanOrEqual(Math.max(max, 0) - scale * 0.51);
    }),
  );
});
