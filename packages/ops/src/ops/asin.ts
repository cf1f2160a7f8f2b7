import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Asin. */
export const asin: OpDef = unaryOp({
  name: "Asin",
  doc: "y = arcsin(x)",
  since: 7,
  real: () => Math.asin,
});
