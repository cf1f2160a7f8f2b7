import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKernels } from "../create-kernels.js";
import { integerRange } from "../dtype.js";
import type { Floats, IntegerType, ScaleSpec } from "../kernels.js";
import { largestScale } from "../scale-limits.js";
import { blockView, channelView, elementCountOf, type QuantView, tensorView } from "../view.js";
import { createPool, type KernelPool } from "./create-pool.js";

const packageFolder = join(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = mkdtempSync(join(tmpdir(), "numerics-pool-"));
const kernels = createKernels();
const pools = new Map<string, KernelPool>();

/** Threads need the built package. Not built here: other tests run the built command meanwhile. */
beforeAll(async () => {
  const built = (await import(join(packageFolder, "dist/index.js"))) as { createPool: typeof createPool };
  pools.set("two threads", built.createPool({ threads: 2 }));
  pools.set("no threads", createPool({ threads: 0 }));
});

afterAll(async () => {
  for (const pool of pools.values()) await pool.close();
  rmSync(folder, { recursive: true });
});

const poolNames = ["two threads", "no threads"] as const;

/** Views with one window, several, windows that cut groups, and windows that would cut bytes. */
const views: readonly QuantView[] = [
  tensorView(2_200_001),
  channelView([70, 40_001], 0),
  channelView([1100, 2003], 1),
  blockView([1100, 2048], 1, 32),
  blockView([1100, 2003], 0, 32),
  blockView([3, 5, 7], 1, 2),
  blockView([0, 64], 1, 32),
];

test("the pool of built workers has the threads asked for", () => {
  expect(pools.get("two threads")?.threads).toBe(2);
  expect(pools.get("no threads")?.threads).toBe(0);
});

test.each(views.flatMap((view) => poolNames.map((name) => ({ view, name }))))(
  "weights have the kernels' bits: $view, $name",
  async ({ view, name }) => {
    const pool = pools.get(name) as KernelPool;
    const x = noise(elementCountOf(view));
    const half: Floats = { dtype: "bf16", bits: kernels.toHalf(x, "bf16") };
    for (const [storage, source] of [
      ["i4", x],
      ["u8", half],
    ] as const) {
      const spec = specOf(storage, view);
      const [actual, expected] = [await pool.quantizeWeights(source, spec), kernels.quantizeWeights(source, spec)];
      expect(same(actual.bytes, expected.bytes)).toBe(true);
      expect(same(actual.scale, expected.scale)).toBe(true);
      expect(actual.zeroPoint === undefined).toBe(expected.zeroPoint === undefined);
      if (actual.zeroPoint) expect(same(actual.zeroPoint, expected.zeroPoint as Int32Array)).toBe(true);
      expect([actual.nanCount, actual.nonFiniteGroups]).toEqual([0, 0]);
    }
  },
);

/** Matrices of one window and of several, whole rows and cut ones. */
const errorCases = [
  { rows: 1100, columns: 2003, channel: "column", groups: 1, view: channelView([1100, 2003], 1), storage: "i4" },
  { rows: 1100, columns: 2048, channel: "column", groups: 1, view: blockView([1100, 2048], 0, 32), storage: "u4" },
  { rows: 60, columns: 40_002, channel: "row", groups: 1, view: channelView([60, 40_002], 0), storage: "i4" },
  { rows: 12, columns: 9, channel: "row", groups: 3, view: channelView([12, 9], 0), storage: "u8" },
  { rows: 2, columns: 2_200_002, channel: "row", groups: 2, view: channelView([2, 2_200_002], 0), storage: "i8" },
  { rows: 2, columns: 2_200_002, channel: "column", groups: 1, view: tensorView(4_400_004), storage: "i8" },
  { rows: 0, columns: 8, channel: "column", groups: 1, view: channelView([0, 8], 1), storage: "i8" },
] as const;

test.each(errorCases.flatMap((errors) => poolNames.map((name) => ({ ...errors, name }))))(
  "errors are summed by $channel of [$rows, $columns] in $groups groups: $name",
  async ({ rows, columns, channel, groups, view, storage, name }) => {
    const pool = pools.get(name) as KernelPool;
    const x = noise(rows * columns);
    const spec = specOf(storage, view);
    const { bytes: codes, scale, zeroPoint } = kernels.quantizeWeights(x, spec);
    const q = { view, storage, range: spec.range, scale, ...(zeroPoint && { zeroPoint }) };
    const restored = kernels.dequantize(codes, q);
    const weights = noise(channel === "row" ? groups * columns : rows).map((value) => value + 3);
    const expected = new Float64Array(channel === "row" ? rows : columns);
    x.forEach((value, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      const weight = channel === "column" ? weights[row] : weights[Math.floor((row * groups) / rows) * columns + column];
      const at = channel === "row" ? row : column;
      expected[at] = (expected[at] as number) + (value - (restored[i] as number)) * (weight as number);
    });
    const path = join(folder, `errors-${name}.bin`);
    writeFileSync(path, Buffer.concat([new Uint8Array(8), new Uint8Array(x.buffer), codes]));
    const file = { path, offset: 8, dtype: "f32", elementCount: x.length } as const;
    for (const [source, from] of [
      [x, codes],
      [file, { path, offset: 8 + x.byteLength }],
    ] as const) {
      const sums = await pool.channelErrors(source, { ...q, codes: from }, { rows, columns, channel, groups, weights });
      expect(sums.length).toBe(expected.length);
      expect(sums.reduce((most, sum, i) => Math.max(most, Math.abs(sum - (expected[i] as number))), 0)).toBeLessThan(1e-6);
    }
  },
);

test.each(poolNames)("weights are read from a file range, and from shared memory: %s", async (name) => {
  const pool = pools.get(name) as KernelPool;
  const view = blockView([1100, 2048], 1, 32);
  const x = noise(elementCountOf(view));
  const path = join(folder, `weights-${pools.size}.bin`);
  writeFileSync(path, Buffer.concat([Buffer.alloc(6), Buffer.from(x.buffer)]));
  const shared = new Float32Array(new SharedArrayBuffer(x.byteLength));
  shared.set(x);
  const spec = specOf("i4", view);
  const expected = kernels.quantizeWeights(x, spec).bytes;
  const file = { path, offset: 6, dtype: "f32", elementCount: x.length } as const;
  expect(same((await pool.quantizeWeights(file, spec)).bytes, expected)).toBe(true);
  expect(same((await pool.quantizeWeights(shared, spec)).bytes, expected)).toBe(true);
  await expect(pool.quantizeWeights({ ...file, offset: 8 }, spec)).rejects.toMatchObject({ code: "VX-QUANT-SHORT-FILE" });
  await expect(pool.quantizeWeights({ ...file, offset: -8 }, spec)).rejects.toMatchObject({ code: "VX-QUANT-SHORT-FILE" });
  await expect(pool.quantizeWeights({ ...file, path: join(folder, "absent") }, spec)).rejects.toMatchObject({
    code: "VX-QUANT-UNREADABLE-FILE",
  });
});

test.each(views.flatMap((view) => poolNames.map((name) => ({ view, name }))))(
  "codes and scales in a file have the bits of those in memory: $view, $name",
  async ({ view, name }) => {
    const pool = pools.get(name) as KernelPool;
    const x = noise(elementCountOf(view));
    const path = join(folder, "quantized.bin");
    const source = { path: join(folder, "floats.bin"), offset: 0, dtype: "f32", elementCount: x.length } as const;
    writeFileSync(source.path, x);
    for (const storage of ["i4", "u8"] as const) {
      const spec = specOf(storage, view);
      const { bytes, scale, ...rest } = await pool.quantizeWeights(x, spec);
      const scales = kernels.toHalf(scale, "f16");
      writeFileSync(path, Buffer.alloc(7 + scales.byteLength + bytes.byteLength, 0xff));
      const found = await pool.quantizeWeightsToFile(source, spec, { path, scale: 7, codes: 7 + scales.byteLength });
      expect(found).toEqual({ ...rest, largestScale: largestScale(scale) });
      const written = readFileSync(path);
      expect(written.subarray(0, 7)).toEqual(Buffer.alloc(7, 0xff));
      expect(same(written.subarray(7, 7 + scales.byteLength), scales)).toBe(true);
      expect(same(written.subarray(7 + scales.byteLength), bytes)).toBe(true);
    }
    const absent = { path: join(folder, "absent"), codes: 0, scale: 0 };
    if (x.length > 0)
      await expect(pool.quantizeWeightsToFile(x, specOf("i4", view), absent)).rejects.toMatchObject({ code: "VX-QUANT-UNWRITABLE-FILE" });
  },
);

test.each(poolNames.flatMap((name) => ([2048, 1] as const).map((run) => ({ name, run }))))(
  "a file's elements are multiplied as they are read, in whatever windows: factors for $run neighbours, $name",
  async ({ name, run }) => {
    const pool = pools.get(name) as KernelPool;
    const [rows, columns] = [1100, 2048];
    const values = noise(run === 1 ? columns : rows);
    const factors = { values, run, start: 0 };
    const spec = specOf("i8", channelView([rows, columns], 1));
    for (const dtype of ["f32", "f16"] as const) {
      const x = noise(rows * columns);
      const stored = dtype === "f32" ? x : kernels.toHalf(x, dtype);
      const path = join(folder, `factors-${dtype}.bin`);
      writeFileSync(path, stored);
      const wide = stored instanceof Float32Array ? stored : kernels.toFloat32({ dtype: "f16", bits: stored });
      const product = wide.map((value, i) => value * (values[run === 1 ? i % columns : Math.floor(i / columns)] as number));
      const expected = kernels.quantizeWeights(product, spec);
      const actual = await pool.quantizeWeights({ path, offset: 0, dtype, elementCount: x.length, factors }, spec);
      expect(same(actual.bytes, expected.bytes)).toBe(true);
      expect(same(actual.scale, expected.scale)).toBe(true);
    }
  },
);

test.each(poolNames)("ranges equal the kernels': %s", async (name) => {
  const view = blockView([1100, 2048], 1, 32);
  const x = noise(elementCountOf(view));
  expect(await (pools.get(name) as KernelPool).groupRanges(x, view)).toEqual(kernels.groupRanges(x, view));
});

test.each(poolNames)("NaN is counted in every window: %s", async (name) => {
  const view = blockView([1100, 2048], 1, 32);
  const x = noise(elementCountOf(view));
  x[5] = Number.NaN;
  x[x.length - 1] = Number.NaN;
  const { nanCount, nonFiniteGroups } = await (pools.get(name) as KernelPool).quantizeWeights(x, specOf("i8", view));
  expect([nanCount, nonFiniteGroups]).toEqual([2, 2]);
});

test.each(poolNames)("sha256 of a range is that of its bytes, and a short file is named: %s", async (name) => {
  const pool = pools.get(name) as KernelPool;
  const path = join(folder, "hashed.bin");
  const bytes = Buffer.alloc(9_000_001, "weights");
  writeFileSync(path, bytes);
  const wide = kernels.toFloat32({ dtype: "f16", bits: new Uint16Array(Uint8Array.from(bytes.subarray(3)).buffer) });
  expect(await pool.sha256({ path, begin: 3, end: bytes.length, widen: "f16" })).toBe(createHash("sha256").update(wide).digest("hex"));
  const expected = createHash("sha256").update(bytes.subarray(3)).digest("hex");
  expect(await pool.sha256({ path, begin: 3, end: bytes.length })).toBe(expected);
  await expect(pool.sha256({ path, begin: 3, end: bytes.length + 1 })).rejects.toMatchObject({ code: "VX-QUANT-SHORT-FILE" });
});

test("a closed pool lets the process end", () => {
  const program = `import { createPool, tensorView } from ${JSON.stringify(join(packageFolder, "dist/index.js"))};
    const pool = createPool({ threads: 2 });
    console.log((await pool.groupRanges(Float32Array.of(1, 2), tensorView(2))).max[0]);
    await pool.close();`;
  expect(execFileSync(process.execPath, ["--input-type=module", "-e", program], { timeout: 30_000 }).toString()).toBe("2\n");
});

test("a pool without tasks starts no thread unless told to", () => {
  const program = `import threads from "node:worker_threads";
    import { syncBuiltinESMExports } from "node:module";
    let started = 0;
    const { Worker } = threads;
    threads.Worker = class extends Worker { constructor(...given) { super(...given); started += 1; } };
    syncBuiltinESMExports();
    const { createPool, tensorView } = await import(${JSON.stringify(join(packageFolder, "dist/index.js"))});
    const pool = createPool({ threads: 2 });
    const before = started;
    await pool.groupRanges(Float32Array.of(1, 2), tensorView(2));
    await pool.close();
    const early = createPool({ threads: 3 });
    early.start();
    await early.close();
    console.log(pool.threads, before, started - 3);`;
  expect(execFileSync(process.execPath, ["--input-type=module", "-e", program], { timeout: 30_000 }).toString()).toBe("2 0 2\n");
});

function specOf(storage: IntegerType, view: QuantView): ScaleSpec {
  return { view, storage, range: integerRange(storage, "narrow"), symmetric: storage !== "u8", scaleDtype: "f16" };
}

function same(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return Buffer.compare(Buffer.from(a.buffer, a.byteOffset, a.byteLength), Buffer.from(b.buffer, b.byteOffset, b.byteLength)) === 0;
}

/** Reproducible values within ±1. */
function noise(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
