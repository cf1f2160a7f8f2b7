import type { OpDef } from "@vlm-export/ir";
import { sumOf } from "../axis-op.js";
import { reduceOp } from "../reduce-op.js";

/** ONNX ReduceL2. */
export const reduceL2: OpDef = reduceOp({
  name: "ReduceL2",
  doc: "√Σ x² over `axes`",
  since: 18,
  real: (values) => Math.sqrt(sumOf(values.map((x) => x * x))),
});
