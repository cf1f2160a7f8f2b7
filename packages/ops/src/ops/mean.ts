import type { OpDef } from "@vlm-export/ir";
import { variadicOp } from "../variadic.js";

/** ONNX Mean. */
export const mean: OpDef = variadicOp({
  name: "Mean",
  doc: "z = sum of the operands / their number",
  since: 8,
  real: (x, y) => x + y,
  finish: (x, operands) => x / operands,
});
