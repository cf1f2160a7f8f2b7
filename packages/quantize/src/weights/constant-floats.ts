import { type DType, elementCount, storedTensor, type TensorData } from "@vlm-export/ir";
import { type Floats, floatsFromBytes, type FloatType, type Kernels } from "@vlm-export/numerics";

/** True for the float types that the kernels read. */
export function isKernelFloat(dtype: DType): dtype is FloatType {
  return dtype === "f32" || dtype === "f16" || dtype === "bf16";
}

/** The elements of a float constant as they are stored: 16-bit ones also of an f32 constant that is read through a widening. Reads all. */
export function floatsOf(data: TensorData): Floats {
  const stored = storedTensor(data);
  return floatsFromBytes(stored.bytes(), stored.dtype as FloatType);
}

/** The elements of an f32 constant, widened where it is stored narrower; reads all of it. */
export function singlesOf(data: TensorData): Float32Array {
  return floatsFromBytes(data.bytes(), "f32") as Float32Array;
}

/** The elements of a float constant, widened to f32. */
export function wideFloatsOf(data: TensorData, kernels: Kernels): Float32Array {
  if (elementCount(data.shape) === 0) return new Float32Array(0);
  const floats = floatsOf(data);
  return floats instanceof Float32Array ? floats : kernels.toFloat32(floats);
}
