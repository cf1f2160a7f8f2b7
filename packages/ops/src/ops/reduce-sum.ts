import type { OpDef } from "@vlm-export/ir";
import { sumOf } from "../axis-op.js";
import { reduceOp } from "../reduce-op.js";

/** ONNX ReduceSum. */
export const reduceSum: OpDef = reduceOp({
  name: "ReduceSum",
  doc: "Σ x over `axes`",
  since: 13,
  real: sumOf,
  integer: (values) => values.reduce((a, b) => a + b, 0n),
});
