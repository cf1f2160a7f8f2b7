import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Atanh. */
export const atanh: OpDef = unaryOp({
  name: "Atanh",
  doc: "y = artanh(x)",
  since: 9,
  real: () => Math.atanh,
});
