import type { Dim, OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { opAttribute, opExtent } from "../errors.js";
import { checkMinRank } from "../extents.js";
import type { InferCall, Shape } from "../op-call.js";
import { sliceStarts } from "../scatter.js";
import { take } from "../take.js";

/** ONNX GatherND. */
export const gatherND: OpDef = onnxOp({
  name: "GatherND",
  doc: "the slices of `data` that the rows of `indices` name, within each of the first batch_dims axes",
  since: 11,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => [{ dtype: call.dtype(0), shape: gatheredShape(call) }],
  evaluate: (call) => {
    const [data, indices] = [call.data(0), call.data(1)];
    const { shape } = call.output();
    const batch = call.int("batch_dims");
    const size = elementCount(data.shape.slice(batch + (indices.shape.at(-1) ?? 0)));
    const perBatch = elementCount(indices.shape.slice(batch, -1));
    const batchSize = elementCount(data.shape.slice(batch));
    const picks = sliceStarts("GatherND", data.shape, indices, batch).flatMap((start, row) => {
      const first = start + Math.floor(row / perBatch) * batchSize;
      return Array.from({ length: size }, (_, i) => first + i);
    });
    return [take(data, shape, picks)];
  },
});

function gatheredShape(call: InferCall): Shape {
  const [data, indices] = [call.shape(0), call.shape(1)];
  const batch = call.int("batch_dims");
  checkMinRank("GatherND", "data", data, 1);
  checkMinRank("GatherND", "indices", indices, 1);
  if (!data || !indices) return undefined;
  if (batch < 0 || batch >= Math.min(data.length, indices.length))
    throw opAttribute("GatherND", "batch_dims", `${batch}`, `0 to ${Math.min(data.length, indices.length) - 1}`);
  const depth = indices.at(-1) as Dim;
  if (typeof depth !== "number") return undefined;
  if (depth > data.length - batch) throw opExtent("GatherND", "the last extent of indices", depth, `at most ${data.length - batch}`);
  return [...indices.slice(0, -1), ...data.slice(batch + depth)];
}
