import { type DType, f32Tensor, memoryTensor, type TensorData } from "@vlm-export/ir";
import { byteLengthOf, type IntegerType, numberToBf16, numberToF16, pack } from "@vlm-export/numerics";

/** Scales in their own type; every number must be exact in it. */
export function scaleTensor(scale: Float32Array, dtype: "f32" | "f16" | "bf16", shape: readonly number[]): TensorData {
  if (dtype === "f32") return f32Tensor(scale, shape);
  const bits = Uint16Array.from(scale, dtype === "f16" ? numberToF16 : numberToBf16);
  return memoryTensor(dtype, shape, new Uint8Array(bits.buffer, 0, byteLengthOf(dtype, scale.length)));
}

/** Zero points in the storage type. */
export function zeroPointTensor(zeroPoint: ArrayLike<number>, storage: DType, shape: readonly number[]): TensorData {
  return memoryTensor(storage, shape, pack(zeroPoint, storage as IntegerType));
}
