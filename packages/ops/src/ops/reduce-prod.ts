import type { OpDef } from "@vlm-export/ir";
import { reduceOp } from "../reduce-op.js";
import { productOf } from "../shape-math.js";

/** ONNX ReduceProd. */
export const reduceProd: OpDef = reduceOp({
  name: "ReduceProd",
  doc: "product over `axes`",
  since: 18,
  dims: productOf,
  real: (values) => values.reduce((a, b) => a * b, 1),
  integer: (values) => values.reduce((a, b) => BigInt.asIntN(64, a * b), 1n),
});
