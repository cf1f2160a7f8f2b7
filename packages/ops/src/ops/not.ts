import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Not. */
export const not: OpDef = unaryOp({
  name: "Not",
  doc: "y = not x",
  since: 1,
  quant: "float",
  real: () => (x) => 1 - x,
});
