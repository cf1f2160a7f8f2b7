import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX BitwiseNot. */
export const bitwiseNot: OpDef = unaryOp({
  name: "BitwiseNot",
  doc: "y = ~x, bit by bit",
  since: 18,
  quant: "float",
  real: () => (x) => ~x,
  integer: () => (x) => ~x,
});
