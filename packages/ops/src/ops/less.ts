import type { OpDef } from "@vlm-export/ir";
import { compareOp } from "../binary.js";

/** ONNX Less. */
export const less: OpDef = compareOp({
  name: "Less",
  doc: "z = x < y",
  since: 7,
  holds: (x, y) => x < y,
});
