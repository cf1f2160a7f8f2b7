import type { Floats, GroupRanges } from "../kernels.js";
import { checkElementCount, type QuantView, scaleCountOf, scaleIndexOf } from "../view.js";
import { toFloat32 } from "./convert.js";

/** min and max (NaN ignored, never -0) and absmax (NaN wins) of every group of `view`. */
export function groupRanges(x: Floats, view: QuantView): GroupRanges {
  const values = toFloat32(x);
  checkElementCount(view, values.length);
  const groups = scaleCountOf(view);
  const min = new Float32Array(groups).fill(Number.POSITIVE_INFINITY);
  const max = new Float32Array(groups).fill(Number.NEGATIVE_INFINITY);
  const absmax = new Float32Array(groups);
  for (let i = 0; i < values.length; i += 1) {
    const group = scaleIndexOf(view, i);
    const value = (values[i] as number) + 0;
    if (value < (min[group] as number)) min[group] = value;
    if (value > (max[group] as number)) max[group] = value;
    absmax[group] = Math.max(absmax[group] as number, Math.abs(value));
  }
  return { min, max, absmax };
}
