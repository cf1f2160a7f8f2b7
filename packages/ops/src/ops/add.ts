import type { OpDef } from "@vlm-export/ir";
import { binaryOp } from "../binary.js";
import { addDims } from "../shape-math.js";

/** ONNX Add. */
export const add: OpDef = binaryOp({
  name: "Add",
  doc: "z = x + y",
  since: 7,
  real: () => (x, y) => x + y,
  integer: () => (x, y) => x + y,
  dims: addDims,
});
