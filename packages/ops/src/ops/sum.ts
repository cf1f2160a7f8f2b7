import type { OpDef } from "@vlm-export/ir";
import { variadicOp } from "../variadic.js";

/** ONNX Sum. */
export const sum: OpDef = variadicOp({
  name: "Sum",
  doc: "z = sum of the operands",
  since: 8,
  real: (x, y) => x + y,
});
