import type { Floats, FloatType } from "./kernels.js";

/** Elements of `x`. */
export function lengthOf(x: Floats): number {
  return x instanceof Float32Array ? x.length : x.bits.length;
}

/** Elements [begin, end) of `x`, sharing its memory. */
export function sliceOf(x: Floats, begin: number, end: number): Floats {
  return x instanceof Float32Array ? x.subarray(begin, end) : { dtype: x.dtype, bits: x.bits.subarray(begin, end) };
}

/** `bytes` (little-endian, any alignment) as floats of type `dtype`; shares the memory when it is aligned, else copies it. */
export function floatsFromBytes(bytes: Uint8Array, dtype: FloatType): Floats {
  const size = dtype === "f32" ? 4 : 2;
  const { buffer, byteOffset, length } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  if (dtype === "f32") return new Float32Array(buffer, byteOffset, Math.floor(length / 4));
  return { dtype, bits: new Uint16Array(buffer, byteOffset, Math.floor(length / 2)) };
}

/** `x` over a buffer that is shared between threads or holds nothing else: posting a view to a thread copies its whole buffer. */
export function standalone(x: Floats): Floats {
  const array = x instanceof Float32Array ? x : x.bits;
  if (array.buffer instanceof SharedArrayBuffer || array.byteLength === array.buffer.byteLength) return x;
  return x instanceof Float32Array ? x.slice() : { dtype: x.dtype, bits: x.bits.slice() };
}
