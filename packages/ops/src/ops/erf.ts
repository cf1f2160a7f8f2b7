import type { OpDef } from "@vlm-export/ir";
import { errorFunction } from "../special-functions.js";
import { unaryOp } from "../unary.js";

/** ONNX Erf. */
export const erf: OpDef = unaryOp({
  name: "Erf",
  doc: "y = 2/√π · ∫₀ˣ exp(−t²) dt",
  since: 9,
  real: () => errorFunction,
});
