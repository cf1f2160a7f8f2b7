import type { Dim, OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { oneOf } from "../conv-shape.js";
import { onnxOp } from "../define-op.js";
import { opExtent } from "../errors.js";
import { checkMinRank, checkRank, sameDim } from "../extents.js";
import type { InferCall } from "../op-call.js";
import { REDUCTIONS, type Reduction, scatter, sliceStarts } from "../scatter.js";

/** ONNX ScatterND. */
export const scatterND: OpDef = onnxOp({
  name: "ScatterND",
  doc: "data with the slice at each row of indices replaced by that of updates; `reduction` combines with what is there",
  since: 11,
  quant: "passthrough",
  quantizable: ["activation", undefined, "activation"],
  infer: (call) => {
    oneOf(call, "reduction", REDUCTIONS);
    checkUpdates(call);
    return [{ dtype: call.dtype(0), shape: call.shape(0) }];
  },
  evaluate: (call) => {
    const [data, indices] = [call.data(0), call.data(1)];
    const size = elementCount(data.shape.slice(indices.shape.at(-1) ?? 0));
    const targets = sliceStarts("ScatterND", data.shape, indices).flatMap((start) => Array.from({ length: size }, (_, i) => start + i));
    return [scatter(data, call.data(2), targets, call.text("reduction") as Reduction)];
  },
});

function checkUpdates(call: InferCall): void {
  const [data, indices, updates] = [call.shape(0), call.shape(1), call.shape(2)];
  checkMinRank("ScatterND", "indices", indices, 1);
  const depth = indices?.at(-1);
  if (!data || !indices || typeof depth !== "number") return;
  if (depth > data.length) throw opExtent("ScatterND", "the last extent of indices", depth, `at most ${data.length}, the rank of data`);
  const expected: readonly Dim[] = [...indices.slice(0, -1), ...data.slice(depth)];
  checkRank("ScatterND", "updates", updates, expected.length);
  updates?.forEach((extent, i) => sameDim("ScatterND", expected[i] as Dim, extent, [`extent ${i} of updates`, "indices and data"]));
}
