import type { OpDef } from "@vlm-export/ir";
import { variadicOp } from "../variadic.js";

/** ONNX Min. */
export const min: OpDef = variadicOp({
  name: "Min",
  doc: "z = least operand",
  since: 8,
  real: Math.min,
  integer: (x, y) => (x < y ? x : y),
});
