import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Exp. */
export const exp: OpDef = unaryOp({
  name: "Exp",
  doc: "y = exp(x)",
  since: 6,
  real: () => Math.exp,
});
