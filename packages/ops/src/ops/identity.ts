import type { OpDef } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { UNKNOWN } from "../op-call.js";

/** ONNX Identity; also of sequences and optionals. */
export const identity: OpDef = onnxOp({
  name: "Identity",
  doc: "y = x",
  since: 1,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const { dtype, shape, foreign } = call.inputs[0] ?? UNKNOWN;
    return [{ dtype, shape, ...(foreign && { foreign }) }];
  },
  elements: (call) => call.elements(0),
  readsElements: false,
  evaluate: (call) => [call.data(0)],
});
