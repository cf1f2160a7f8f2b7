import type { OpDef } from "@vlm-export/ir";
import { binaryOp } from "../binary.js";

/** ONNX BitwiseXor. */
export const bitwiseXor: OpDef = binaryOp({
  name: "BitwiseXor",
  doc: "z = x ^ y, bit by bit",
  since: 18,
  quant: "float",
  real: () => (x, y) => x ^ y,
  integer: () => (x, y) => x ^ y,
});
