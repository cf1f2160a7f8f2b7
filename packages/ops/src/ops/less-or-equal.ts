import type { OpDef } from "@vlm-export/ir";
import { compareOp } from "../binary.js";

/** ONNX LessOrEqual. */
export const lessOrEqual: OpDef = compareOp({
  name: "LessOrEqual",
  doc: "z = x ≤ y",
  since: 12,
  holds: (x, y) => x <= y,
});
