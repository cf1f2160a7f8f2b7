import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX ThresholdedRelu. */
export const thresholdedRelu: OpDef = unaryOp({
  name: "ThresholdedRelu",
  doc: "y = x where x > alpha, 0 elsewhere",
  since: 10,
  real: (call) => {
    const alpha = call.float("alpha");
    return (x) => (x > alpha ? x : 0);
  },
});
