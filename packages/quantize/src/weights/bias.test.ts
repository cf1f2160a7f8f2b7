import { f32Tensor } from "@vlm-export/ir";
import { createOracleKernels } from "@vlm-export/numerics";
import { expect, test } from "vitest";
import { integerBias } from "./bias.js";

const kernels = createOracleKernels();

test("a bias has the scale of its products per channel, no zero point, and rounds half to even", () => {
  const result = integerBias(f32Tensor([0.25, 1, -3], [3]), 0.5, Float32Array.of(1, 0.5, 2), kernels);
  if ("largest" in result) throw new Error("does not fit");
  expect([...new Int32Array(result.data.bytes().slice().buffer)]).toEqual([0, 4, -3]);
  expect(result.type.quant).toMatchObject({ storage: "i32", granularity: "channel", mode: "static" });
  expect(result.type.quant.zeroPoint).toBeUndefined();
  expect([...new Float32Array(result.type.quant.scale?.bytes().slice().buffer as ArrayBuffer)]).toEqual([0.5, 0.25, 1]);
});

test("one weight scale gives a per-tensor bias with a scale of the bias's rank", () => {
  const result = integerBias(f32Tensor([1, 2], [1, 1, 2]), 0.5, Float32Array.of(0.5), kernels);
  if ("largest" in result) throw new Error("does not fit");
  expect(result.type.quant.scale?.shape).toEqual([1, 1, 1]);
});

test("a bias beyond int32 is told by its largest integer", () => {
  expect(integerBias(f32Tensor([1e6], [1]), 1e-3, Float32Array.of(1e-3), kernels)).toMatchObject({ largest: expect.closeTo(1e12, -8) });
  expect(integerBias(f32Tensor([Number.NaN], [1]), 1, Float32Array.of(1), kernels)).toMatchObject({ largest: Number.NaN });
});
