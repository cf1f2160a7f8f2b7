import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Softsign. */
export const softsign: OpDef = unaryOp({
  name: "Softsign",
  doc: "y = x / (1 + |x|)",
  since: 1,
  real: () => (x) => x / (1 + Math.abs(x)),
});
