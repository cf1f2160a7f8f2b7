import type { OpDef } from "@vlm-export/ir";
import { sumOf } from "../axis-op.js";
import { globalPoolOp } from "../global-pool-op.js";

/** ONNX GlobalAveragePool. */
export const globalAveragePool: OpDef = globalPoolOp({
  name: "GlobalAveragePool",
  doc: "mean of each channel",
  since: 1,
  quant: "compute",
  fold: () => (values) => sumOf(values) / values.length,
});
