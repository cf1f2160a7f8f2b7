import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Selu. */
export const selu: OpDef = unaryOp({
  name: "Selu",
  doc: "y = gamma · x where x > 0, gamma · alpha · (exp(x) − 1) elsewhere",
  since: 6,
  real: (call) => {
    const alpha = call.float("alpha");
    const gamma = call.float("gamma");
    return (x) => gamma * (x > 0 ? x : alpha * Math.expm1(x));
  },
});
