import { bf16ToF32Bits, f32BitsToBf16 } from "../bfloat16.js";
import { f16ToF32Bits, f32BitsToF16 } from "../float16.js";
import type { Floats } from "../kernels.js";

/** 16-bit floats widened to f32, bit for bit; a Float32Array is copied. */
export function toFloat32(x: Floats): Float32Array {
  if (x instanceof Float32Array) return x.slice();
  const widen = x.dtype === "f16" ? f16ToF32Bits : bf16ToF32Bits;
  return new Float32Array(Uint32Array.from(x.bits, widen).buffer);
}

/** f32 rounded to 16 bits, half to even. */
export function toHalf(x: Float32Array, dtype: "f16" | "bf16"): Uint16Array {
  const bits = new Uint32Array(x.slice().buffer);
  return Uint16Array.from(bits, dtype === "f16" ? f32BitsToF16 : f32BitsToBf16);
}
