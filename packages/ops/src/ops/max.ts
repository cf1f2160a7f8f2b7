import type { OpDef } from "@vlm-export/ir";
import { variadicOp } from "../variadic.js";

/** ONNX Max. */
export const max: OpDef = variadicOp({
  name: "Max",
  doc: "z = greatest operand",
  since: 8,
  real: Math.max,
  integer: (x, y) => (x > y ? x : y),
});
