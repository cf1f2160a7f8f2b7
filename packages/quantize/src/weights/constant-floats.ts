import { type DType, elementCount, type TensorData } from "@vlm-export/ir";
import { type Floats, floatsFromBytes, type FloatType, type Kernels } from "@vlm-export/numerics";

/** True for the float types that the kernels read. */
export function isKernelFloat(dtype: DType): dtype is FloatType {
  return dtype === "f32" || dtype === "f16" || dtype === "bf16";
}

/** The elements of a float constant; reads all of it. */
export function floatsOf(data: TensorData): Floats {
  return floatsFromBytes(data.bytes(), data.dtype as FloatType);
}

/** The elements of a float constant, widened to f32. */
export function wideFloatsOf(data: TensorData, kernels: Kernels): Float32Array {
  if (elementCount(data.shape) === 0) return new Float32Array(0);
  const floats = floatsOf(data);
  return floats instanceof Float32Array ? floats : kernels.toFloat32(floats);
}
