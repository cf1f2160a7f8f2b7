import type { QParams } from "../kernels.js";
import { unpack } from "../packing.js";
import { checkQParams } from "../qparams.js";
import { elementCountOf } from "../view.js";
import { scaleOf, zeroPointOf } from "./quantize.js";

/** x = f32(q − zeroPoint) · scale, rounded to f32. */
export function dequantize(bytes: Uint8Array, q: QParams): Float32Array {
  checkQParams(q);
  return valuesOf(unpack(bytes, q.storage, elementCountOf(q.view)), q);
}

/** The f32 that each code stands for. */
export function valuesOf(codes: ArrayLike<number>, q: QParams): Float32Array {
  return Float32Array.from(codes, (code, i) => Math.fround(code - zeroPointOf(q, i)) * scaleOf(q, i));
}
