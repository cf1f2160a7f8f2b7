import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Tanh. */
export const tanh: OpDef = unaryOp({
  name: "Tanh",
  doc: "y = tanh(x)",
  since: 6,
  fixedRange: [-1, 1],
  real: () => Math.tanh,
});
