import type { OpDef } from "@vlm-export/ir";
import { elementCount, memoryTensor } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { opNotEvaluated } from "../errors.js";
import { flagsOf } from "../small-tensor.js";

/** ONNX Dropout; the identity unless training_mode is true. */
export const dropout: OpDef = onnxOp({
  name: "Dropout",
  doc: "y = x; in training a random part of x is 0",
  since: 12,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => [
    { dtype: call.dtype(0), shape: call.shape(0) },
    { dtype: "bool", shape: call.shape(0) },
  ],
  evaluate: (call) => {
    const training = call.optional(2);
    if (training && flagsOf(training)[0]) throw opNotEvaluated("Dropout", "training");
    const data = call.data(0);
    return [data, memoryTensor("bool", data.shape, new Uint8Array(elementCount(data.shape)).fill(1))];
  },
});
