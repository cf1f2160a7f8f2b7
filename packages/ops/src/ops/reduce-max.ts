import type { OpDef } from "@vlm-export/ir";
import { maxOf } from "../axis-op.js";
import { reduceOp } from "../reduce-op.js";

/** ONNX ReduceMax. */
export const reduceMax: OpDef = reduceOp({
  name: "ReduceMax",
  doc: "greatest element over `axes`",
  since: 18,
  real: maxOf,
  integer: (values) => values.reduce((a, b) => (b > a ? b : a), values[0] ?? 0n),
});
