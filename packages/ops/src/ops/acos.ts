import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Acos. */
export const acos: OpDef = unaryOp({
  name: "Acos",
  doc: "y = arccos(x)",
  since: 7,
  real: () => Math.acos,
});
