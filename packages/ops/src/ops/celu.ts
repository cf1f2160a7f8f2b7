import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Celu. */
export const celu: OpDef = unaryOp({
  name: "Celu",
  doc: "y = max(0, x) + min(0, alpha · (exp(x / alpha) − 1))",
  since: 12,
  real: (call) => {
    const alpha = call.float("alpha");
    return (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha));
  },
});
