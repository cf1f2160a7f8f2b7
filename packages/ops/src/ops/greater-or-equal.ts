import type { OpDef } from "@vlm-export/ir";
import { compareOp } from "../binary.js";

/** ONNX GreaterOrEqual. */
export const greaterOrEqual: OpDef = compareOp({
  name: "GreaterOrEqual",
  doc: "z = x ≥ y",
  since: 12,
  holds: (x, y) => x >= y,
});
