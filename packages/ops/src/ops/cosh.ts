import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Cosh. */
export const cosh: OpDef = unaryOp({
  name: "Cosh",
  doc: "y = cosh(x)",
  since: 9,
  real: () => Math.cosh,
});
