import { f32Tensor } from "@vlm-export/ir";
import { createKernels, createPool, f16ToNumber, numberToF16, unpack } from "@vlm-export/numerics";
import type { WeightRequest } from "@vlm-export/recipe";
import { array, assert, asyncProperty, constantFrom, double } from "fast-check";
import { expect, test } from "vitest";
import { integerHome } from "./integer-constant.js";
import { quantizeWeight } from "./quantize-weight.js";

const tools = { kernels: createKernels(), pool: createPool({ threads: 0 }), home: integerHome(Number.POSITIVE_INFINITY, undefined) };
const base = { storage: "i8", symmetric: true, scaleDtype: "f32", range: [-127, 127], method: "minmax", algorithm: "rtn" } as const;

async function quantized(
  values: readonly number[],
  shape: readonly number[],
  request: WeightRequest,
): Promise<{ ints: readonly number[]; restored: readonly number[]; scales: readonly number[] }> {
  const data = f32Tensor(values, shape);
  const { data: ints, type } = await quantizeWeight({ value: { name: "w", type: { dtype: "f32", shape } }, data }, request, tools);
  const codes = [...unpack(ints.bytes(), request.storage as "i8", values.length)];
  const { scale, zeroPoint } = type.quant;
  const bytes = scale?.bytes().slice() ?? new Uint8Array();
  const scales = scale?.dtype === "f16" ? [...new Uint16Array(bytes.buffer)].map(f16ToNumber) : [...new Float32Array(bytes.buffer)];
  const zeros = zeroPoint ? [...unpack(zeroPoint.bytes(), request.storage as "i8", scales.length)] : scales.map(() => 0);
  const group = (i: number): number => {
    const [, columns = 1] = shape;
    if (request.granularity === "tensor") return 0;
    const [row, column] = [Math.floor(i / columns), i % columns];
    if (request.granularity === "channel") return request.axis === 0 ? row : column;
    const size = request.blockSize ?? 1;
    return request.axis === 0 ? Math.floor(row / size) * columns + column : row * Math.ceil(columns / size) + Math.floor(column / size);
  };
  return { ints: codes, scales, restored: codes.map((code, i) => (code - (zeros[group(i)] as number)) * (scales[group(i)] as number)) };
}

const weights = array(double({ min: -4, max: 4, noNaN: true }), { minLength: 32, maxLength: 32 });
const requests = constantFrom<WeightRequest>(
  { ...base, granularity: "tensor" },
  { ...base, granularity: "channel", axis: 0 },
  { ...base, granularity: "channel", axis: 1, storage: "u8", symmetric: false, range: [0, 255] },
  { ...base, granularity: "block", axis: 1, blockSize: 4, storage: "i4", range: [-7, 7], scaleDtype: "f16" },
  { ...base, granularity: "block", axis: 0, blockSize: 2, storage: "u4", symmetric: false, range: [0, 15], scaleDtype: "f16" },
  { ...base, granularity: "block", axis: 0, blockSize: 3, storage: "i2", range: [-1, 1] },
);

test("every element is restored to within a step and a half, and every code is in range", async () => {
  await assert(
    asyncProperty(weights, requests, constantFrom("minmax" as const), async (values, request, method) => {
      const floats = [...Float32Array.from(values)];
      const { ints, restored, scales } = await quantized(floats, [4, 8], { ...request, method });
      const step = Math.max(...scales);
      floats.forEach((value, i) => expect(Math.abs(value - (restored[i] as number))).toBeLessThanOrEqual(step * 1.51));
      expect(ints.every((code) => code >= request.range[0] && code <= request.range[1])).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("scales are rounded to scaleDtype before the integers are chosen", async () => {
  const request: WeightRequest = { ...base, granularity: "block", axis: 1, blockSize: 4, storage: "i4", range: [-7, 7], scaleDtype: "f16" };
  const values = Array.from({ length: 16 }, (_, i) => Math.sin(i * 1.7) * 3);
  const { ints, scales } = await quantized(values, [2, 8], request);
  for (const scale of scales) expect(f16ToNumber(numberToF16(scale))).toBe(scale);
  const floats = Float32Array.from(values);
  ints.forEach((code, i) =>
    expect(Math.abs((floats[i] as number) / (scales[Math.floor(i / 4)] as number) - code)).toBeLessThanOrEqual(0.5 + 1e-6),
  );
});

test("the mse grid has no larger squared error than the grid by range", async () => {
  await assert(
    asyncProperty(weights, requests, async (values, request) => {
      const floats = [...Float32Array.from(values)];
      const errorOf = async (method: "minmax" | "mse"): Promise<number> => {
        const { restored } = await quantized(floats, [4, 8], { ...request, method });
        return floats.reduce((sum, value, i) => sum + (value - (restored[i] as number)) ** 2, 0);
      };
      expect(await errorOf("mse")).toBeLessThanOrEqual((await errorOf("minmax")) * (1 + 1e-6) + 1e-12);
    }),
    { numRuns: 40 },
  );
});

test("NaN and infinity are refused with the name of the weight", async () => {
  const request: WeightRequest = { ...base, granularity: "channel", axis: 0 };
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const failed = quantized([1, bad, 2, 3], [2, 2], request);
    await expect(failed).rejects.toMatchObject({ diagnostic: { code: "VX-QUANT-NON-FINITE", where: { value: "w" } } });
  }
});
