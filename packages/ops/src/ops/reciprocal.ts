import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Reciprocal. */
export const reciprocal: OpDef = unaryOp({
  name: "Reciprocal",
  doc: "y = 1 / x",
  since: 6,
  real: () => (x) => 1 / x,
});
