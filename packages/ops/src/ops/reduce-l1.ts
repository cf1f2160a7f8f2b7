import type { OpDef } from "@vlm-export/ir";
import { sumOf } from "../axis-op.js";
import { reduceOp } from "../reduce-op.js";

/** ONNX ReduceL1. */
export const reduceL1: OpDef = reduceOp({
  name: "ReduceL1",
  doc: "Σ |x| over `axes`",
  since: 18,
  real: (values) => sumOf(values.map(Math.abs)),
  integer: (values) => values.reduce((a, b) => a + (b < 0n ? -b : b), 0n),
});
