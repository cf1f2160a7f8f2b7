import { bf16ToF32Bits } from "./bfloat16.js";
import { f16ToF32Bits } from "./float16.js";

/**
 * The numbers that 16-bit floats stand for, in f32; exact. `out` may be given to save memory; `bits` may lie in its upper half. Plain code:
 * for small tensors and where there are no kernels.
 */
export function widen(bits: Uint16Array, dtype: "f16" | "bf16", out: Float32Array = new Float32Array(bits.length)): Float32Array {
  const words = new Uint32Array(out.buffer, out.byteOffset, bits.length);
  if (dtype === "f16") widenHalf(bits, words);
  else for (let i = 0; i < bits.length; i += 1) words[i] = bf16ToF32Bits(bits[i] as number);
  return out;
}

/** A normal number only needs its exponent moved: 127 − 15 more, in place 23. */
function widenHalf(bits: Uint16Array, words: Uint32Array): void {
  for (let i = 0; i < bits.length; i += 1) {
    const half = bits[i] as number;
    const exponent = half & 0x7c00;
    if (exponent === 0 || exponent === 0x7c00) words[i] = f16ToF32Bits(half);
    else words[i] = ((half & 0x8000) << 16) | (((half & 0x7fff) << 13) + 0x38000000);
  }
}
