import type { OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { axisOf, axisView } from "../axis.js";
import { onnxOp } from "../define-op.js";
import { checkRank } from "../extents.js";
import { flagsOf, reshaped } from "../small-tensor.js";
import { take } from "../take.js";

/** ONNX Compress. */
export const compress: OpDef = onnxOp({
  name: "Compress",
  doc: "the slices along `axis` (without one: the elements) whose condition holds",
  since: 9,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = call.shape(0);
    checkRank("Compress", "condition", call.shape(1), 1);
    if (!call.has("axis")) return [{ dtype: call.dtype(0), shape: [call.freshDim()] }];
    const axis = shape && axisOf("Compress", call.int("axis"), shape.length);
    return [{ dtype: call.dtype(0), shape: shape?.map((extent, i) => (i === axis ? call.freshDim() : extent)) }];
  },
  evaluate: (call) => {
    const input = call.data(0);
    const data = call.has("axis") ? input : reshaped(input, [elementCount(input.shape)]);
    const axis = call.has("axis") ? axisOf("Compress", call.int("axis"), data.shape.length) : 0;
    const { outer, length, inner } = axisView(data.shape, axis);
    const kept = Array.from(flagsOf(call.data(1)).subarray(0, length)).flatMap((flag, i) => (flag ? [i] : []));
    const shape = data.shape.with(axis, kept.length);
    const picks = Int32Array.from({ length: outer * kept.length * inner }, (_, k) => {
      const row = Math.floor(k / inner);
      return (Math.floor(row / kept.length) * length + (kept[row % kept.length] as number)) * inner + (k % inner);
    });
    return [take(data, shape, picks)];
  },
});
