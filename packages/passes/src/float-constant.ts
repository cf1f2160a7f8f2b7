import { memoryTensor, type TensorData, type Value } from "@vlm-export/ir";
import { bf16ToNumber, f16ToNumber, floatsFromBytes, numberToBf16, numberToF16 } from "@vlm-export/numerics";

/** The elements of a float constant (f32, f16, bf16) in f32; undefined for anything else. Reads all of it. */
export function floatElements(value: Value | null | undefined): Float32Array | undefined {
  const data = value?.data;
  if (!data || value.type.quant || (data.dtype !== "f32" && data.dtype !== "f16" && data.dtype !== "bf16")) return undefined;
  const floats = floatsFromBytes(data.bytes(), data.dtype);
  if (floats instanceof Float32Array) return floats;
  return Float32Array.from(floats.bits, floats.dtype === "f16" ? f16ToNumber : bf16ToNumber);
}

/** A tensor of `dtype` from numbers, rounded half to even. */
export function floatTensor(dtype: TensorData["dtype"], values: Float32Array, shape: readonly number[]): TensorData {
  if (dtype === "f32") return memoryTensor("f32", shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const round = dtype === "f16" ? numberToF16 : numberToBf16;
  const bits = Uint16Array.from(values, round);
  return memoryTensor(dtype, shape, new Uint8Array(bits.buffer));
}
