import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Cos. */
export const cos: OpDef = unaryOp({
  name: "Cos",
  doc: "y = cos(x)",
  since: 7,
  real: () => Math.cos,
});
