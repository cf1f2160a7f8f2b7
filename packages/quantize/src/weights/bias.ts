import { elementCount, memoryTensor, type TensorData } from "@vlm-export/ir";
import { type Kernels, roundHalfEven } from "@vlm-export/numerics";
import { wideFloatsOf } from "./constant-floats.js";
import type { IntegerConstant } from "./integer-constant.js";
import { scaleTensor, staticSpec } from "./quant-spec.js";

const INT32: readonly [number, number] = [-(2 ** 31), 2 ** 31 - 1];

/** A bias as int32, or the largest integer it would need when that does not fit. */
export type BiasResult = IntegerConstant | { readonly largest: number };

/**
 * q = roundHalfEven(b / s), s = f32(scale of the input · scale of the weight), per tensor or one per element along the last axis.
 * No zero point.
 */
export function integerBias(bias: TensorData, inputScale: number, weightScales: Float32Array, kernels: Kernels): BiasResult {
  const values = wideFloatsOf(bias, kernels);
  const scales = weightScales.map((scale) => Math.fround(scale * inputScale));
  const codes = Float64Array.from(values, (value, i) => roundHalfEven(value / (scales[scales.length === 1 ? 0 : i] as number)));
  const largest = codes.reduce((most, code) => Math.max(most, Math.abs(code)), 0);
  if (!(largest <= INT32[1])) return { largest };
  const perTensor = scales.length === 1;
  const shape = bias.shape.map((_, axis) => (perTensor || axis < bias.shape.length - 1 ? 1 : elementCount(bias.shape)));
  const scale = scaleTensor(scales, "f32", shape, kernels);
  const quant = staticSpec({ storage: "i32", range: INT32, granularity: perTensor ? "tensor" : "channel" }, { scale });
  const ints = Int32Array.from(codes);
  return { data: memoryTensor("i32", bias.shape, new Uint8Array(ints.buffer)), type: { dtype: bias.dtype, shape: bias.shape, quant } };
}
