import type { OpDef } from "@vlm-export/ir";
import { sumOf } from "../axis-op.js";
import { reduceOp } from "../reduce-op.js";

/** ONNX ReduceSumSquare. */
export const reduceSumSquare: OpDef = reduceOp({
  name: "ReduceSumSquare",
  doc: "Σ x² over `axes`",
  since: 18,
  real: (values) => sumOf(values.map((x) => x * x)),
  integer: (values) => values.reduce((a, b) => a + b * b, 0n),
});
