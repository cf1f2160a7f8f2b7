import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Ceil. */
export const ceil: OpDef = unaryOp({
  name: "Ceil",
  doc: "y = least integer not below x",
  since: 6,
  real: () => Math.ceil,
});
