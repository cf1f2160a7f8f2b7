import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Sin. */
export const sin: OpDef = unaryOp({
  name: "Sin",
  doc: "y = sin(x)",
  since: 7,
  real: () => Math.sin,
});
