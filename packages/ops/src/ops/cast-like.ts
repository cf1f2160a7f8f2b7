import type { OpDef } from "@vlm-export/ir";
import { castTensor, keepsIntegers } from "../cast-tensor.js";
import { onnxOp } from "../define-op.js";

/** ONNX CastLike. */
export const castLike: OpDef = onnxOp({
  name: "CastLike",
  doc: "y = x converted to the element type of the second input",
  since: 15,
  quant: "float",
  infer: (call) => [{ dtype: call.dtype(1), shape: call.shape(0) }],
  elements: (call) => (keepsIntegers(call.dtype(1)) ? call.elements(0) : undefined),
  evaluate: (call) => [castTensor("CastLike", call.data(0), call.data(1).dtype, call.int("saturate") !== 0)],
});
