import type { OpDef } from "@vlm-export/ir";
import { maxOf } from "../axis-op.js";
import { reduceOp } from "../reduce-op.js";

/** ONNX ReduceMin. */
export const reduceMin: OpDef = reduceOp({
  name: "ReduceMin",
  doc: "least element over `axes`",
  since: 18,
  real: (values) => -maxOf(values.map((x) => -x)),
  integer: (values) => values.reduce((a, b) => (b < a ? b : a), values[0] ?? 0n),
});
