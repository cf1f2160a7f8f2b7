import type { OpDef } from "@vlm-export/ir";
import { dtypeOfCode } from "./cast-tensor.js";
import { type OpSpec, onnxOp } from "./define-op.js";
import type { InferCall, Shape } from "./op-call.js";

/** An op whose values are random: only types and shapes are known. */
export function randomOp({
  name,
  doc,
  since,
  shape,
}: Pick<OpSpec, "name" | "doc" | "since"> & { readonly shape: (call: InferCall) => Shape }): OpDef {
  return onnxOp({
    name,
    doc,
    since,
    quant: "float",
    infer: (call) => {
      const fromAttribute = call.has("dtype") || !call.given(0);
      return [{ dtype: fromAttribute ? dtypeOfCode(name, "dtype", call.int("dtype")) : call.dtype(0), shape: shape(call) }];
    },
  });
}
