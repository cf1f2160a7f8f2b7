import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Elu. */
export const elu: OpDef = unaryOp({
  name: "Elu",
  doc: "y = x where x > 0, alpha · (exp(x) − 1) elsewhere",
  since: 6,
  real: (call) => {
    const alpha = call.float("alpha");
    return (x) => (x > 0 ? x : alpha * Math.expm1(x));
  },
});
