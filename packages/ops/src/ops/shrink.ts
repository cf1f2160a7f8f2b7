import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Shrink. */
export const shrink: OpDef = unaryOp({
  name: "Shrink",
  doc: "y = x + bias where x < −lambd, x − bias where x > lambd, 0 elsewhere",
  since: 9,
  real: (call) => {
    const [bias, lambd] = [call.float("bias"), call.float("lambd")];
    return (x) => (x < -lambd ? x + bias : x > lambd ? x - bias : 0);
  },
});
