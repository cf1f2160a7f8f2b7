import type { OpDef } from "@vlm-export/ir";
import { logistic } from "../special-functions.js";
import { unaryOp } from "../unary.js";

/** ONNX Swish. */
export const swish: OpDef = unaryOp({
  name: "Swish",
  doc: "y = x · sigmoid(alpha · x)",
  since: 24,
  real: (call) => {
    const alpha = call.float("alpha");
    return (x) => x * logistic(alpha * x);
  },
});
