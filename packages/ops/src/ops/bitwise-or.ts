import type { OpDef } from "@vlm-export/ir";
import { binaryOp } from "../binary.js";

/** ONNX BitwiseOr. */
export const bitwiseOr: OpDef = binaryOp({
  name: "BitwiseOr",
  doc: "z = x | y, bit by bit",
  since: 18,
  quant: "float",
  real: () => (x, y) => x | y,
  integer: () => (x, y) => x | y,
});
