import { type DType, LARGEST_FINITE, memoryTensor, storedTensor, type TensorData } from "@vlm-export/ir";
import { type Kernels, lengthOf } from "@vlm-export/numerics";
import { floatsOf } from "./constant-floats.js";

/** The largest finite number of float16. */
export const F16_LARGEST: number = LARGEST_FINITE.f16;

/** `values` as a constant of a float type, rounded half to even. */
export function floatConstant(values: Float32Array, dtype: DType, shape: readonly number[], kernels: Kernels): TensorData {
  const array = dtype === "f16" || dtype === "bf16" ? kernels.toHalf(values, dtype) : values;
  return memoryTensor(
    dtype === "f16" || dtype === "bf16" ? dtype : "f32",
    shape,
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  );
}

/** A float constant as f16, or its largest magnitude when f16 cannot hold it. NaN and infinity are kept. */
export function halfConstant(data: TensorData, kernels: Kernels): TensorData | { readonly largest: number } {
  const stored = storedTensor(data);
  if (stored.dtype === "f16") return stored;
  const floats = floatsOf(data);
  if (lengthOf(floats) > 0) {
    const { min, max } = kernels.rangeOf(floats);
    const largest = Math.max(-min, max);
    if (largest > F16_LARGEST && Number.isFinite(largest)) return { largest };
  }
  return floatConstant(floats instanceof Float32Array ? floats : kernels.toFloat32(floats), "f16", data.shape, kernels);
}
