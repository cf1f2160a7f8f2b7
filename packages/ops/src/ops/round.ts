import type { OpDef } from "@vlm-export/ir";
import { roundHalfEven } from "@vlm-export/numerics";
import { unaryOp } from "../unary.js";

/** ONNX Round. */
export const round: OpDef = unaryOp({
  name: "Round",
  doc: "y = nearest integer, ties to the even one",
  since: 11,
  real: () => roundHalfEven,
});
