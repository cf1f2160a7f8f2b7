import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Asinh. */
export const asinh: OpDef = unaryOp({
  name: "Asinh",
  doc: "y = arsinh(x)",
  since: 9,
  real: () => Math.asinh,
});
