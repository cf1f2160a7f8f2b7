import type { OpDef } from "@vlm-export/ir";
import { defineOp, type OpSpec } from "./define-op.js";
import type { OperatorVersion } from "./schema.js";

/** Domain of the ops that ONNX has none for. */
export const OWN_DOMAIN = "vlm";

/** An op of our own with one input X and one output Y of the same floating-point type, and no attributes. */
export function ownFloatOp(spec: OpSpec): OpDef {
  const operand = { type: "T", optional: false, variadic: false, heterogeneous: false };
  const form: OperatorVersion = {
    since: spec.since,
    deprecated: false,
    inputs: [{ ...operand, name: "X" }],
    outputs: [{ ...operand, name: "Y" }],
    inputCount: [1, 1],
    outputCount: [1, 1],
    types: new Map([["T", new Set(["f32", "f16", "bf16", "f64"] as const)]]),
    attributes: new Map(),
  };
  return defineOp(spec, () => form);
}
