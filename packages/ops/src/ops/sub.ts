import type { OpDef } from "@vlm-export/ir";
import { binaryOp } from "../binary.js";
import { subtractDims } from "../shape-math.js";

/** ONNX Sub. */
export const sub: OpDef = binaryOp({
  name: "Sub",
  doc: "z = x − y",
  since: 7,
  real: () => (x, y) => x - y,
  integer: () => (x, y) => x - y,
  dims: subtractDims,
});
