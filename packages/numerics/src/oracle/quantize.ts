import type { Floats, QParams, Quantized } from "../kernels.js";
import { pack } from "../packing.js";
import { checkQParams } from "../qparams.js";
import { roundHalfEven } from "../round.js";
import { checkElementCount, scaleIndexOf } from "../view.js";
import { toFloat32 } from "./convert.js";

/** q = clamp(roundHalfEven(f32(x / scale)) + zeroPoint, qmin, qmax); a NaN quotient gives qmin and is counted. */
export function quantize(x: Floats, q: QParams): Quantized {
  const values = toFloat32(x);
  const codes = codesOf(values, q);
  const nanCount = values.reduce((count, value, i) => count + (Number.isNaN(value / scaleOf(q, i)) ? 1 : 0), 0);
  return { bytes: pack(codes, q.storage), nanCount };
}

/** The codes that {@link quantize} packs, one element each. */
export function codesOf(values: Float32Array, q: QParams): Int32Array {
  checkQParams(q);
  checkElementCount(q.view, values.length);
  const [qmin, qmax] = q.range;
  return Int32Array.from(values, (value, i) => {
    const steps = roundHalfEven(Math.fround(value / scaleOf(q, i)));
    return Number.isNaN(steps) ? qmin : Math.min(Math.max(steps + zeroPointOf(q, i), qmin), qmax);
  });
}

/** The scale of element `i`. */
export function scaleOf(q: QParams, i: number): number {
  return q.scale[scaleIndexOf(q.view, i)] as number;
}

/** The zero point of element `i`. */
export function zeroPointOf(q: QParams, i: number): number {
  return q.zeroPoint ? (q.zeroPoint[scaleIndexOf(q.view, i)] as number) : 0;
}
