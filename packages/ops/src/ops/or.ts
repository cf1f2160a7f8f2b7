import type { OpDef } from "@vlm-export/ir";
import { binaryOp } from "../binary.js";

/** ONNX Or. */
export const or: OpDef = binaryOp({
  name: "Or",
  doc: "z = x or y",
  since: 7,
  quant: "float",
  real: () => (x, y) => Math.max(x, y),
});
