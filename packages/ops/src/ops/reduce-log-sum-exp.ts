import type { OpDef } from "@vlm-export/ir";
import { maxOf, sumOf } from "../axis-op.js";
import { reduceOp } from "../reduce-op.js";

/** ONNX ReduceLogSumExp. */
export const reduceLogSumExp: OpDef = reduceOp({
  name: "ReduceLogSumExp",
  doc: "ln Σ exp(x) over `axes`",
  since: 18,
  real: (values) => {
    const max = maxOf(values);
    return Number.isFinite(max) ? max + Math.log(sumOf(values.map((x) => Math.exp(x - max)))) : max;
  },
});
