import type { OpDef } from "@vlm-export/ir";
import { axisOp, maxOf } from "../axis-op.js";

/** ONNX Hardmax. */
export const hardmax: OpDef = axisOp({
  name: "Hardmax",
  doc: "y = 1 at the first greatest element along `axis`, 0 elsewhere",
  since: 13,
  fixedRange: [0, 1],
  row: (values) => {
    const at = values.indexOf(maxOf(values));
    return values.map((_, k) => (k === at ? 1 : 0));
  },
});
