import { intOf, without } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";

/** Y and the running statistics; what lies behind them, the statistics of the batch, has no form from opset 14 on. */
const KEPT_RESULTS = [0, 1, 2];

/**
 * BatchNormalization: until opset 14 the number of outputs said whether it trains (weights that are standardized are exported so), until
 * 9 `spatial` = 0 meant one mean per element.
 */
export const batchNormalization: NodeRule = {
  op: "BatchNormalization",
  domain: "",
  below: 14,
  convert(node, build) {
    if (intOf(node, "spatial", 1) === 0) throw build.refuse("spatial = 0 has no form from opset 9 on");
    const attrs = without(node, "spatial");
    if (node.outputs.length === 1) build.emit("BatchNormalization", node.inputs, attrs);
    else build.emit("BatchNormalization", node.inputs, { ...attrs, training_mode: 1 }, KEPT_RESULTS);
  },
};
