import type { OpDef } from "@vlm-export/ir";
import { logistic } from "../special-functions.js";
import { unaryOp } from "../unary.js";

/** ONNX Sigmoid. */
export const sigmoid: OpDef = unaryOp({
  name: "Sigmoid",
  doc: "y = 1 / (1 + exp(−x))",
  since: 6,
  fixedRange: [0, 1],
  real: () => logistic,
});
