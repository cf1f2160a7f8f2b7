import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Relu. */
export const relu: OpDef = unaryOp({
  name: "Relu",
  doc: "y = max(x, 0)",
  since: 6,
  real: () => (x) => Math.max(x, 0),
  integer: () => (x) => (x > 0n ? x : 0n),
});
