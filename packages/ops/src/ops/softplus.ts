import type { OpDef } from "@vlm-export/ir";
import { logOnePlusExp } from "../special-functions.js";
import { unaryOp } from "../unary.js";

/** ONNX Softplus. */
export const softplus: OpDef = unaryOp({
  name: "Softplus",
  doc: "y = ln(1 + exp(x))",
  since: 1,
  real: () => logOnePlusExp,
});
