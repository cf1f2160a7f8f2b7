import type { Floats, QParams } from "../kernels.js";
import { type QuantView, scaleCountOf, scaleIndexOf } from "../view.js";
import { toFloat32 } from "./convert.js";
import { valuesOf } from "./dequantize.js";
import { codesOf } from "./quantize.js";

/**
 * Σ (x − x̂)² in f64 for every group. Where a group's elements are contiguous (inner > 1 per-channel, inner = 1 per-block, per-tensor),
 * the k-th element of each contiguous stretch (the whole tensor where there is one channel) goes to lane k mod 4; otherwise all go to lane 0. Result: (lane0 + lane1) + (lane2 + lane3).
 */
export function groupErrors(x: Floats, q: QParams): Float64Array {
  const values = toFloat32(x);
  const restored = valuesOf(codesOf(values, q), q);
  const lanes = new Float64Array(scaleCountOf(q.view) * 4);
  for (let i = 0; i < values.length; i += 1) {
    const at = scaleIndexOf(q.view, i) * 4 + (positionInRun(q.view, i) % 4);
    lanes[at] = (lanes[at] as number) + ((values[i] as number) - (restored[i] as number)) ** 2;
  }
  return Float64Array.from({ length: lanes.length / 4 }, (_, group) => {
    const [a, b, c, d] = lanes.subarray(group * 4, group * 4 + 4) as unknown as [number, number, number, number];
    return a + b + (c + d);
  });
}

/** Index of flat element `i` within its contiguous stretch of one group. */
function positionInRun(view: QuantView, i: number): number {
  if (view.granularity === "tensor" || (view.granularity === "channel" && view.axis === 1)) return i;
  if (view.granularity === "channel") return i % view.inner;
  return view.inner === 1 ? (i % view.axis) % view.blockSize : 0;
}
