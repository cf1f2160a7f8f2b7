import type { OpDef } from "@vlm-export/ir";
import { axisOp, maxOf, sumOf } from "../axis-op.js";

/** ONNX LogSoftmax. */
export const logSoftmax: OpDef = axisOp({
  name: "LogSoftmax",
  doc: "y = x − max(x) − ln Σ exp(x − max(x)) along `axis`",
  since: 13,
  row: (values) => {
    const max = maxOf(values);
    const log = Math.log(sumOf(values.map((x) => Math.exp(x - max))));
    return values.map((x) => x - max - log);
  },
});
