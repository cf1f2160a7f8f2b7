import type { OpDef } from "@vlm-export/ir";
import { castTensor, dtypeOfCode, keepsIntegers } from "../cast-tensor.js";
import { onnxOp } from "../define-op.js";

/** ONNX Cast. */
export const cast: OpDef = onnxOp({
  name: "Cast",
  doc: "y = x converted to the element type `to`",
  since: 9,
  quant: "float",
  infer: (call) => [{ dtype: dtypeOfCode("Cast", "to", call.int("to")), shape: call.shape(0) }],
  elements: (call) => (keepsIntegers(dtypeOfCode("Cast", "to", call.int("to"))) ? call.elements(0) : undefined),
  evaluate: (call) => [castTensor("Cast", call.data(0), call.output().dtype, call.int("saturate") !== 0)],
});
