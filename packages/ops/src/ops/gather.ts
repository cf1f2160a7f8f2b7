import type { Dim, OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { axisOf, axisView } from "../axis.js";
import { onnxOp } from "../define-op.js";
import { checkMinRank } from "../extents.js";
import { indexIn, indicesIn } from "../indices.js";
import { take } from "../take.js";

/** ONNX Gather. A constant `data` read by runtime indices is an embedding: its rows are the channels. */
export const gather: OpDef = onnxOp({
  name: "Gather",
  doc: "the slices of `data` along `axis` that `indices` name",
  since: 1,
  quant: "passthrough",
  quantizable: ["weight"],
  infer: (call) => {
    const [data, indices] = [call.shape(0), call.shape(1)];
    checkMinRank("Gather", "data", data, 1);
    if (!data || !indices) return [{ dtype: call.dtype(0), shape: undefined }];
    const axis = axisOf("Gather", call.int("axis"), data.length);
    return [{ dtype: call.dtype(0), shape: [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)] }];
  },
  elements: (call) => {
    const [all, indices] = [call.elements(0), call.integers(1)];
    if (!all || !indices || call.shape(0)?.length !== 1) return undefined;
    return indices.map((index) => all[indexIn("Gather", index, all.length)] as Dim);
  },
  evaluate: (call) => {
    const data = call.data(0);
    const { shape } = call.output();
    const { length, inner } = axisView(data.shape, axisOf("Gather", call.int("axis"), data.shape.length));
    const indices = indicesIn("Gather", call.data(1), length);
    const picks = Int32Array.from({ length: elementCount(shape) }, (_, k) => {
      const row = Math.floor(k / inner);
      const outer = Math.floor(row / indices.length);
      return (outer * length + (indices[row % indices.length] as number)) * inner + (k % inner);
    });
    return [take(data, shape, picks)];
  },
  weightAxes: (index, call) => {
    const rank = call.shape(0)?.length ?? 0;
    return index === 0 && rank >= 2 && call.int("axis") === 0 ? { channel: 0, reduce: 1 } : undefined;
  },
});
