import type { OpDef } from "@vlm-export/ir";
import { unaryOp } from "../unary.js";

/** ONNX HardSwish. */
export const hardSwish: OpDef = unaryOp({
  name: "HardSwish",
  doc: "y = x · max(0, min(1, x/6 + 1/2))",
  since: 14,
  real: () => (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)),
});
