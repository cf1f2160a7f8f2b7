import type { Dim, OpDef } from "@vlm-export/ir";
import { broadcastIndices, broadcastShapes } from "../broadcast.js";
import { onnxOp } from "../define-op.js";
import { opValue } from "../errors.js";
import { rankFromVector } from "../extents.js";
import type { InferCall, Shape } from "../op-call.js";
import { shapeText } from "../shape-math.js";
import { take } from "../take.js";

/** ONNX Expand. */
export const expand: OpDef = onnxOp({
  name: "Expand",
  doc: "the input repeated by broadcasting it with `shape`",
  since: 8,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => [{ dtype: call.dtype(0), shape: expandedShape(call) }],
  elements: (call) => {
    const [all, shape] = [call.elements(0), call.integers(1)];
    if (!all || all.length !== 1 || shape?.length !== 1) return undefined;
    return (shape[0] as number) <= 1024 ? Array.from({ length: shape[0] as number }, () => all[0] as Dim) : undefined;
  },
  evaluate: (call) => {
    const { shape } = call.output();
    return [take(call.data(0), shape, broadcastIndices(call.data(0).shape, shape))];
  },
});

function expandedShape(call: InferCall): Shape {
  const from = call.shape(0);
  const target = call.elements(1);
  const rank = rankFromVector(call.shape(1));
  if (target?.some((extent) => typeof extent === "number" && extent < 0))
    throw opValue("Expand", "the target shape", shapeText(target), "extents of at least 0");
  if (!from || (!target && rank === undefined)) return undefined;
  return broadcastShapes(call, [from, target ?? call.freshShape(rank ?? 0)]);
}
