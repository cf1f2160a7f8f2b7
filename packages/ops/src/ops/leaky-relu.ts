import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX LeakyRelu. */
export const leakyRelu: OpDef = unaryOp({
  name: "LeakyRelu",
  doc: "y = x where x ≥ 0, alpha · x elsewhere",
  since: 6,
  real: (call) => {
    const alpha = call.float("alpha");
    return (x) => (x >= 0 ? x : alpha * x);
  },
});
