import type { OpDef } from "@vlm-export/ir";
import { binaryOp } from "../binary.js";

/** ONNX Xor. */
export const xor: OpDef = binaryOp({
  name: "Xor",
  doc: "z = either x or y",
  since: 7,
  quant: "float",
  real: () => (x, y) => Math.abs(x - y),
});
