import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Sinh. */
export const sinh: OpDef = unaryOp({
  name: "Sinh",
  doc: "y = sinh(x)",
  since: 9,
  real: () => Math.sinh,
});
