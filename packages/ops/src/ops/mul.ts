import type { OpDef } from "@vlm-export/ir";
import { binaryOp } from "../binary.js";
import { multiplyDims } from "../shape-math.js";

/** ONNX Mul. */
export const mul: OpDef = binaryOp({
  name: "Mul",
  doc: "z = x · y",
  since: 7,
  real: () => (x, y) => x * y,
  integer: () => (x, y) => x * y,
  dims: multiplyDims,
});
