import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Sqrt. */
export const sqrt: OpDef = unaryOp({
  name: "Sqrt",
  doc: "y = √x",
  since: 6,
  real: () => Math.sqrt,
});
