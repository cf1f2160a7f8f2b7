import { intOf, without } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";

/** BatchNormalization: until opset 14 the number of outputs said whether it trains, until 9 `spatial` = 0 meant one mean per element. */
export const batchNormalization: NodeRule = {
  op: "BatchNormalization",
  domain: "",
  below: 14,
  convert(node, build) {
    if (intOf(node, "spatial", 1) === 0) throw build.refuse("spatial = 0 has no form from opset 9 on");
    if (node.outputs.length > 1) throw build.refuse("the node is in training mode", "Export the model in eval mode: model.eval().");
    build.emit("BatchNormalization", node.inputs, without(node, "spatial"));
  },
};
