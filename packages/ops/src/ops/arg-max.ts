import type { OpDef } from "@vlm-export/ir";
import { argOp } from "../arg-op.js";

/** ONNX ArgMax. */
export const argMax: OpDef = argOp({
  name: "ArgMax",
  doc: "position of the greatest element along `axis`, the first one unless select_last_index",
  beats: (candidate, best) => candidate > best,
});
