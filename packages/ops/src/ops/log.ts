import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Log. */
export const log: OpDef = unaryOp({
  name: "Log",
  doc: "y = ln(x)",
  since: 6,
  real: () => Math.log,
});
