import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Acosh. */
export const acosh: OpDef = unaryOp({
  name: "Acosh",
  doc: "y = arcosh(x)",
  since: 9,
  real: () => Math.acosh,
});
