import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Atan. */
export const atan: OpDef = unaryOp({
  name: "Atan",
  doc: "y = arctan(x)",
  since: 7,
  real: () => Math.atan,
});
