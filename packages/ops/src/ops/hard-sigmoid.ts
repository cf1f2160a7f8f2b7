import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX HardSigmoid. */
export const hardSigmoid: OpDef = unaryOp({
  name: "HardSigmoid",
  doc: "y = max(0, min(1, alpha · x + beta))",
  since: 6,
  real: (call) => {
    const alpha = call.float("alpha");
    const beta = call.float("beta");
    return (x) => Math.max(0, Math.min(1, alpha * x + beta));
  },
});
