import type { OpDef } from "@vlm-export/ir";
import { sumOf } from "../axis-op.js";
import { reduceOp } from "../reduce-op.js";

/** ONNX ReduceMean. */
export const reduceMean: OpDef = reduceOp({
  name: "ReduceMean",
  doc: "Σ x / n over `axes`",
  since: 18,
  real: (values) => sumOf(values) / values.length,
  integer: (values) => (values.length === 0 ? 0n : values.reduce((a, b) => a + b, 0n) / BigInt(values.length)),
});
