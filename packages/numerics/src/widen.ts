import { bf16ToF32Bits } from "./bfloat16.js";
import { f16ToF32Bits } from "./float16.js";

/** The numbers that 16-bit floats stand for, in f32; exact. Plain code: for small tensors and where there are no kernels. */
export function widen(bits: Uint16Array, dtype: "f16" | "bf16"): Float32Array {
  const out = new Float32Array(bits.length);
  const words = new Uint32Array(out.buffer);
  const convert = dtype === "f16" ? f16ToF32Bits : bf16ToF32Bits;
  for (let i = 0; i < bits.length; i += 1) words[i] = convert(bits[i] as number);
  return out;
}
