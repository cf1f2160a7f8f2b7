import type { OpDef } from "@vlm-export/ir";
import { logOnePlusExp } from "../special-functions.js";
import { unaryOp } from "../unary.js";

/** ONNX Mish. */
export const mish: OpDef = unaryOp({
  name: "Mish",
  doc: "y = x · tanh(ln(1 + exp(x)))",
  since: 18,
  real: () => (x) => x * Math.tanh(logOnePlusExp(x)),
});
