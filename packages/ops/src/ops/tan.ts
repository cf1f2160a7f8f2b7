import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Tan. */
export const tan: OpDef = unaryOp({
  name: "Tan",
  doc: "y = tan(x)",
  since: 7,
  real: () => Math.tan,
});
