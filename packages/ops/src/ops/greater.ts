import type { OpDef } from "@vlm-export/ir";
import { compareOp } from "../binary.js";

/** ONNX Greater. */
export const greater: OpDef = compareOp({
  name: "Greater",
  doc: "z = x > y",
  since: 7,
  holds: (x, y) => x > y,
});
