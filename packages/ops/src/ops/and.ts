import type { OpDef } from "@vlm-export/ir";
import { binaryOp } from "../binary.js";

/** ONNX And. */
export const and: OpDef = binaryOp({
  name: "And",
  doc: "z = x and y",
  since: 7,
  quant: "float",
  real: () => (x, y) => x * y,
});
