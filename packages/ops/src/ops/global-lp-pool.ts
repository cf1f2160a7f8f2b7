import type { OpDef } from "@vlm-export/ir";
import { globalPoolOp } from "../global-pool-op.js";

/** ONNX GlobalLpPool. */
export const globalLpPool: OpDef = globalPoolOp({
  name: "GlobalLpPool",
  doc: "(Σ |x|^p)^(1/p) over each channel",
  since: 2,
  quant: "compute",
  fold: (call) => {
    const p = call.int("p");
    return (values) => values.reduce((sum, x) => sum + Math.abs(x) ** p, 0) ** (1 / p);
  },
});
