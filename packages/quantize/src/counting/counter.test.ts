import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FetchedTensor, TapObserver } from "@vlm-export/engine";
import { numberToF16 } from "@vlm-export/numerics";
import { beforeAll, expect, test } from "vitest";
import type { CounterSettings, Histograms, SeenRanges } from "./counter-messages.js";
import { createObserver } from "./counter.js";

const packageFolder = join(dirname(fileURLToPath(import.meta.url)), "../..");
/** The built module, whose counters have threads. Not built here: other tests run the built command meanwhile. */
let built: { createObserver: (settings: CounterSettings) => TapObserver };
beforeAll(async () => {
  built = (await import(join(packageFolder, "dist/counting/counter.js"))) as typeof built;
});

type Given = ReadonlyMap<string, readonly number[]>;
const RUNS: readonly Given[] = [
  new Map([
    ["a", [1, -2, 0.5, 8]],
    ["b", [0, 0]],
    ["c", [3, 4]],
    ["out", [5]],
  ]),
  new Map([
    ["a", [100]],
    ["b", [-0.25, 0, 0]],
    ["c", [1, -1]],
    ["out", []],
  ]),
  new Map([
    ["a", [3, 3]],
    ["b", [0]],
    ["c", [2, 2, 2, 2]],
    ["out", [-6]],
  ]),
];

const SETTINGS = { held: ["c"], heldRuns: 2, outputs: ["out"] };

async function count(counter: TapObserver): Promise<{ readonly ranges: readonly SeenRanges[]; readonly histograms: Histograms }> {
  const ranges: SeenRanges[] = [];
  for (const [i, run] of RUNS.entries()) {
    const tensors = new Map([...run].map(([name, values]) => [name, tensorOf(values)]));
    ranges.push((await counter.observe(tensors)) as SeenRanges);
    expect(tensors.get("out")?.buffer.byteLength).toBe((run.get("out")?.length ?? 0) * 4); // an output stays here
    if (i === 1) await counter.answer({ kind: "scale", factors: new Map([["c", Float32Array.of(0.5, 2)]]) });
  }
  const histograms = (await counter.answer({ kind: "histograms" })) as Histograms;
  await counter.close();
  return { ranges, histograms };
}

function tensorOf(values: readonly number[]): FetchedTensor {
  const { buffer } = Float32Array.from(values);
  const whole = new Uint8Array(buffer);
  return { dtype: "f32", shape: [values.length], byteLength: whole.byteLength, buffer, bytes: (begin, end) => whole.subarray(begin, end) };
}

test("counters with any number of threads see and count the same", async () => {
  const one = await count(createObserver({ ...SETTINGS, threads: 1 }));
  const seen = (name: string) => one.ranges.map((ranges) => ranges.get(name));
  expect(seen("a")).toEqual([
    [-2, 8],
    [100, 100],
    [3, 3],
  ]);
  expect(seen("out")).toEqual([
    [5, 5],
    [0, 0],
    [-6, -6],
  ]);
  const total = (name: string) => one.histograms.get(name)?.counts.reduce((a, b) => a + b, 0);
  expect(["a", "b", "c", "out"].map(total)).toEqual([7, 6, 8, 2]);
  expect(one.histograms.get("c")?.limit).toBe(16); // 4 · 2 was held and scaled
  for (const threads of [1, 2, 4]) {
    const several = await count(built.createObserver({ ...SETTINGS, threads }));
    expect(several.ranges.map((ranges) => new Map([...ranges].toSorted()))).toEqual(
      one.ranges.map((ranges) => new Map([...ranges].toSorted())),
    );
    expect(several.histograms).toEqual(one.histograms);
  }
});

test("elements of f16 are counted as the numbers that they are, by every thread", async () => {
  const values = [1, -2, 0.5, 8, 3]; // an odd count: five f16 are no whole number of f32
  const halves = (): FetchedTensor => {
    const { buffer } = Uint16Array.from(values, numberToF16);
    const whole = new Uint8Array(buffer);
    return { ...tensorOf(values), dtype: "f16", byteLength: whole.byteLength, buffer, bytes: (begin, end) => whole.subarray(begin, end) };
  };
  const settings = { held: [], heldRuns: 0, outputs: [], threads: 2 };
  const [counter, expected] = [built.createObserver(settings), createObserver({ ...settings, threads: 1 })];
  const names = ["a", "b"]; // one for each thread
  const seen = await counter.observe(new Map(names.map((name) => [name, halves()])));
  expect(new Map([...(seen as SeenRanges)].toSorted())).toEqual(new Map(names.map((name) => [name, [-2, 8]])));
  await expected.observe(new Map(names.map((name) => [name, tensorOf(values)])));
  const histograms = await Promise.all([counter, expected].map((one) => one.answer({ kind: "histograms" }) as Promise<Histograms>));
  for (const name of names) expect(histograms[0]?.get(name)).toEqual(histograms[1]?.get(name));
  await Promise.all([counter.close(), expected.close()]);
});

test("NaN and infinity show in the range, and are not counted", async () => {
  const counter = createObserver({ held: [], heldRuns: 0, outputs: [], threads: 1 });
  const ranges = (await counter.observe(
    new Map([
      ["nan", tensorOf([1, Number.NaN])],
      ["inf", tensorOf([1, Number.NEGATIVE_INFINITY])],
    ]),
  )) as SeenRanges;
  expect([ranges.get("nan"), ranges.get("inf")]).toEqual([
    [Number.NaN, Number.NaN],
    [Number.NEGATIVE_INFINITY, 1],
  ]);
  const histograms = (await counter.answer({ kind: "histograms" })) as Histograms;
  for (const { counts } of histograms.values()) expect(counts.every((n) => n === 0)).toBe(true);
});
