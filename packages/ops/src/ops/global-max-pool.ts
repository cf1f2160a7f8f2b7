import type { OpDef } from "@vlm-export/ir";
import { maxOf } from "../axis-op.js";
import { globalPoolOp } from "../global-pool-op.js";

/** ONNX GlobalMaxPool. */
export const globalMaxPool: OpDef = globalPoolOp({
  name: "GlobalMaxPool",
  doc: "greatest element of each channel",
  since: 1,
  quant: "passthrough",
  fold: () => maxOf,
});
