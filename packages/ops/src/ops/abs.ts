import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Abs. */
export const abs: OpDef = unaryOp({
  name: "Abs",
  doc: "y = |x|",
  since: 6,
  real: () => Math.abs,
  integer: () => (x) => (x < 0n ? -x : x),
});
