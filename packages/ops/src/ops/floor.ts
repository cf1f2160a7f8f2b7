import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX Floor. */
export const floor: OpDef = unaryOp({
  name: "Floor",
  doc: "y = greatest integer not above x",
  since: 6,
  real: () => Math.floor,
});
