import type { OpDef } from "@vlm-export/ir";
import { sumOf } from "../axis-op.js";
import { reduceOp } from "../reduce-op.js";

/** ONNX ReduceLogSum. */
export const reduceLogSum: OpDef = reduceOp({
  name: "ReduceLogSum",
  doc: "ln Σ x over `axes`",
  since: 18,
  real: (values) => Math.log(sumOf(values)),
});
