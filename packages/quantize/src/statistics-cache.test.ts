import { expect, test } from "vitest";
import { HISTOGRAM_BINS } from "./histogram.js";
import { covers } from "./needs.js";
import { mergedStatistics, type Statistics } from "./statistics.js";
import { decodeStatistics, encodeStatistics } from "./statistics-cache.js";

const histogram = { limit: 4, zeros: 0, counts: Float64Array.from({ length: HISTOGRAM_BINS }, (_, i) => i % 7) };
const statistics: Statistics = {
  samples: 2,
  cached: true,
  equalized: new Map([
    [
      "n",
      {
        factors: Float32Array.of(1, 2),
        precision: "[[0,255]]",
        seen: { sampleMin: Float32Array.of(-1, 0), sampleMax: Float32Array.of(1, 2), histogram },
      },
    ],
  ]),
  values: new Map([
    ["__proto__", { sampleMin: Float32Array.of(-1, -2), sampleMax: Float32Array.of(1, 2), histogram }],
    [
      "x",
      {
        sampleMin: Float32Array.of(0, 0),
        sampleMax: Float32Array.of(3, 4),
        means: new Map([
          [2, Float32Array.of(1, 1, 1)],
          [0, Float32Array.of(2)],
        ]),
        looks: new Map([[1, Float32Array.of(3, 4)]]),
      },
    ],
  ]),
};

test("decode is the inverse of encode, wherever the bytes lie", () => {
  const bytes = encodeStatistics(statistics);
  for (const shift of [0, 1, 3]) {
    const moved = Buffer.alloc(bytes.byteLength + shift);
    moved.set(bytes, shift);
    expect(decodeStatistics(moved.subarray(shift))).toEqual(statistics);
  }
});

test("bytes cut at any place are a miss, not a failure", () => {
  const bytes = encodeStatistics(statistics);
  for (const end of [0, 3, 4, 20, 200, bytes.byteLength - 1]) expect(decodeStatistics(bytes.subarray(0, end))).toBeUndefined();
});

test("statistics cover a need only with all of its parts", () => {
  const need = (
    name: string,
    more: { histogram?: boolean; means?: readonly number[]; maxima?: readonly number[]; looks?: readonly number[] },
  ): Parameters<typeof covers>[1][number] => ({
    value: { id: 1, name, type: { dtype: "f32", shape: undefined } },
    histogram: more.histogram ?? false,
    mayOverflow: false,
    means: new Set(more.means),
    maxima: new Set(more.maxima),
    looks: new Set(more.looks),
  });
  expect(covers(statistics, [need("x", { means: [0, 2], looks: [1] }), need("__proto__", { histogram: true })])).toBe(true);
  expect(covers(statistics, [need("x", { histogram: true })])).toBe(false);
  expect(covers(statistics, [need("x", { means: [1] })])).toBe(false);
  expect(covers(statistics, [need("x", { maxima: [2] })])).toBe(false);
  expect(covers(statistics, [need("x", { looks: [2] })])).toBe(false);
  expect(covers(statistics, [need("y", {})])).toBe(false);
});

test("merging keeps the parts that only one run saw", () => {
  const [sampleMin, sampleMax] = [Float32Array.of(0, 0), Float32Array.of(3, 4)];
  const merged = mergedStatistics(statistics, {
    samples: 2,
    cached: false,
    equalized: new Map(),
    values: new Map([["x", { sampleMin, sampleMax, histogram, means: new Map([[1, sampleMin]]) }]]),
  });
  expect([...(merged.values.get("x")?.means?.keys() ?? [])]).toEqual([2, 0, 1]);
  expect(merged.values.get("x")?.looks?.has(1)).toBe(true);
  expect(merged.values.get("x")?.histogram).toBe(histogram);
  expect(merged.values.has("__proto__")).toBe(true);
  expect(merged.equalized.has("n")).toBe(true);
});
