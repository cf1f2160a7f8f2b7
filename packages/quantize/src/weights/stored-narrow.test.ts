import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentHash, memoryTensor, type TensorData, widenedTensor } from "@vlm-export/ir";
import { createKernels, createPool, numberToBf16, numberToF16 } from "@vlm-export/numerics";
import type { WeightRequest } from "@vlm-export/recipe";
import { fileTensor, openStore } from "@vlm-export/store";
import { afterAll, expect, test } from "vitest";
import { halfConstant } from "./float-constant.js";
import { integerHome } from "./integer-constant.js";
import { quantizeWeight } from "./quantize-weight.js";

const folder = mkdtempSync(join(tmpdir(), "vlm-narrow-"));
const kernels = createKernels();
const pool = createPool({ threads: 2 });
afterAll(async () => {
  await pool.close();
  await scratch.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const shape = [96, 160];
const base = { storage: "i8", symmetric: true, scaleDtype: "f32", range: [-127, 127], method: "minmax", algorithm: "rtn" } as const;
const requests: readonly WeightRequest[] = [
  { ...base, granularity: "channel", axis: 1 },
  { ...base, granularity: "channel", axis: 0, storage: "u8", symmetric: false, range: [0, 255] },
  { ...base, granularity: "block", axis: 0, blockSize: 32, storage: "i4", range: [-7, 7], scaleDtype: "f16" },
  { ...base, granularity: "channel", axis: 1, method: "mse" },
];

/** Numbers of many magnitudes, subnormal ones of f16 too. */
function stored(dtype: "f16" | "bf16"): Uint8Array {
  const round = dtype === "f16" ? numberToF16 : numberToBf16;
  const bits = Uint16Array.from({ length: shape[0]! * shape[1]! }, (_, i) => round(Math.sin(i * 1.3) * 2 ** ((i % 23) - 20)));
  return new Uint8Array(bits.buffer);
}

const inMemory = integerHome(Number.POSITIVE_INFINITY, undefined);
const scratch = await openStore(folder).scratch();
const noThreads = createPool({ threads: 0 });
const ways = [noThreads, pool].flatMap((workers) => [inMemory, integerHome(0, scratch)].map((home) => ({ workers, home })));

async function quantized(data: TensorData, request: WeightRequest, workers: typeof pool, home = inMemory) {
  const tools = { kernels, home, pool: workers };
  const { data: ints, type } = await quantizeWeight({ value: { name: "w", type: { dtype: "f32", shape } }, data }, request, tools);
  const { scale, zeroPoint } = type.quant;
  return { dtype: type.dtype, hashes: [ints, scale, zeroPoint].map((tensor) => tensor && contentHash(tensor)) };
}

/** Fails where anybody reads the f32 form of a weight. */
function unread(wide: TensorData): TensorData {
  return {
    ...wide,
    bytes: () => {
      throw new Error("the f32 form was read");
    },
  };
}

test.each(["f16", "bf16"] as const)("integers from stored %s are those from the same numbers in f32, wherever they lie", async (dtype) => {
  const bytes = stored(dtype);
  const path = join(folder, `${dtype}.bin`);
  writeFileSync(path, Buffer.concat([Buffer.alloc(6), bytes]));
  const held = memoryTensor(dtype, shape, bytes);
  const whole = memoryTensor("f32", shape, widenedTensor(held).bytes().slice());
  const places = [held, fileTensor(dtype, shape, { path, offset: 6 })];
  for (const request of requests) {
    const expected = await quantized(whole, request, noThreads);
    for (const narrow of places)
      for (const { workers, home } of ways) {
        const found = await quantized(unread(widenedTensor(narrow)), request, workers, home);
        expect({ request, place: narrow.file, ...found }).toEqual({ request, place: narrow.file, ...expected });
      }
  }
});

test("a constant that is kept in f16 is the f16 that is stored; bf16 is rounded", () => {
  const half = memoryTensor("f16", shape, stored("f16"));
  expect(halfConstant(unread(widenedTensor(half)), kernels)).toBe(half);
  const brain = halfConstant(unread(widenedTensor(memoryTensor("bf16", shape, stored("bf16")))), kernels);
  expect(brain).toMatchObject({ dtype: "f16", shape });
});
