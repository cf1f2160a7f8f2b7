import type { OpDef } from "@vlm-export/ir";
import { argOp } from "../arg-op.js";

/** ONNX ArgMin. */
export const argMin: OpDef = argOp({
  name: "ArgMin",
  doc: "position of the least element along `axis`, the first one unless select_last_index",
  beats: (candidate, best) => candidate < best,
});
