import { type DType, memoryTensor, type TensorData } from "@vlm-export/ir";
import { numberToF16 } from "@vlm-export/numerics";

/** Numbers as a tensor of a type that an input can have: f32, f16, or 8-bit integers, rounded and clamped. */
export function tensorOfNumbers(values: Float32Array, dtype: DType, shape: readonly number[]): TensorData {
  return memoryTensor(dtype, shape, bytesOf(values, dtype));
}

function bytesOf(values: Float32Array, dtype: DType): Uint8Array {
  if (dtype === "f16") return new Uint8Array(Uint16Array.from(values, numberToF16).buffer);
  if (dtype === "u8") return new Uint8Array(Uint8ClampedArray.from(values).buffer);
  if (dtype === "i8") return new Uint8Array(Int8Array.from(values, (value) => Math.max(-128, Math.min(127, Math.round(value)))).buffer);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
