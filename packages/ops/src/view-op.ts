import type { Dim, OpDef } from "@vlm-export/ir";
import { type OpSpec, onnxOp } from "./define-op.js";
import type { InferCall, Shape } from "./op-call.js";
import { reshaped } from "./small-tensor.js";

/** An op that gives the same elements in the same order another shape; output shares the qparams of input 0. */
export interface ViewSpec extends Pick<OpSpec, "name" | "doc" | "since"> {
  readonly shape: (call: InferCall) => Shape;
}

/** Makes an op that only changes the shape. */
export function viewOp({ name, doc, since, shape }: ViewSpec): OpDef {
  return onnxOp({
    name,
    doc,
    since,
    quant: "passthrough",
    quantizable: ["activation"],
    infer: (call) => [{ dtype: call.dtype(0), shape: shape(call) }],
    elements: (call): readonly Dim[] | undefined => call.elements(0),
    readsElements: false,
    evaluate: (call) => [reshaped(call.data(0), call.output().shape)],
  });
}
