import { elementCount, memoryTensor, type QuantSpec, type TensorData } from "@vlm-export/ir";
import {
  blockView,
  channelView,
  type FloatType,
  type IntegerType,
  type Kernels,
  pack,
  type QuantView,
  type ScaleSpec,
  tensorView,
} from "@vlm-export/numerics";
import type { WeightRequest } from "@vlm-export/recipe";

/** How `request` cuts a constant of `shape` into groups that share a scale. */
export function viewOf(shape: readonly number[], { granularity, axis = 0, blockSize = 1 }: WeightRequest): QuantView {
  if (granularity === "channel") return channelView(shape, axis);
  if (granularity === "block") return blockView(shape, axis, blockSize);
  return tensorView(elementCount(shape));
}

/** The request in the words of the kernels. */
export function scaleSpecOf(shape: readonly number[], request: WeightRequest): ScaleSpec {
  const { storage, range, symmetric, scaleDtype } = request;
  return { view: viewOf(shape, request), storage: storage as IntegerType, range, symmetric, scaleDtype };
}

/** Scales as a tensor of `dtype`, in which they are exact. */
export function scaleTensor(scale: Float32Array, dtype: FloatType, shape: readonly number[], kernels: Pick<Kernels, "toHalf">): TensorData {
  const array = dtype === "f32" ? scale : kernels.toHalf(scale, dtype);
  return memoryTensor(dtype, shape, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
}

/** The spec of a static quantization; zero points only where some can differ from 0. */
export function staticSpec(
  parts: Pick<QuantSpec, "storage" | "range" | "granularity">,
  qparams: { readonly scale: TensorData; readonly zeroPoint?: ArrayLike<number> },
): QuantSpec {
  const { scale, zeroPoint } = qparams;
  const { storage, range, granularity } = parts;
  const packed = zeroPoint && memoryTensor(storage, scale.shape, pack(zeroPoint, storage as IntegerType));
  return { storage, range, granularity, mode: "static", scale, ...(packed && { zeroPoint: packed }) };
}
