import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Sign. */
export const sign: OpDef = unaryOp({
  name: "Sign",
  doc: "y = −1, 0 or 1",
  since: 9,
  real: () => Math.sign,
  integer: () => (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
});
