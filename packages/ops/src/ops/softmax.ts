import type { OpDef } from "@vlm-export/ir";
import { axisOp, maxOf, sumOf } from "../axis-op.js";

/** ONNX Softmax. */
export const softmax: OpDef = axisOp({
  name: "Softmax",
  doc: "y = exp(x − max(x)) / Σ exp(x − max(x)) along `axis`",
  since: 13,
  fixedRange: [0, 1],
  row: (values) => {
    const max = maxOf(values);
    const powers = values.map((x) => Math.exp(x - max));
    const sum = sumOf(powers);
    return powers.map((power) => power / sum);
  },
});
