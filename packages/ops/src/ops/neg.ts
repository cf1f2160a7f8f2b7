import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Neg. */
export const neg: OpDef = unaryOp({
  name: "Neg",
  doc: "y = −x",
  since: 6,
  real: () => (x) => -x,
  integer: () => (x) => -x,
});
