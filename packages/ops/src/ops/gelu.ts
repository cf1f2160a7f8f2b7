import type { OpDef } from "@vlm-export/ir";
import { oneOf } from "../conv-shape.js";
import { errorFunction } from "../special-functions.js";
import { unaryOp } from "../unary.js";

const FORMS: ReadonlySet<string> = new Set(["none", "tanh"]);

/** ONNX Gelu. */
export const gelu: OpDef = unaryOp({
  name: "Gelu",
  doc: "y = x/2 · (1 + erf(x/√2)), or x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))",
  since: 20,
  real: (call) =>
    oneOf(call, "approximate", FORMS) === "tanh"
      ? (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
      : (x) => (x / 2) * (1 + errorFunction(x / Math.SQRT2)),
});
