import { i64Tensor } from "@vlm-export/ir";
import { intsOf, without } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";

/**
 * Split: `split` became an input at opset 13; from 18 on a split into equal parts says how many. The number of outputs said it
 * before, and equal parts had to divide the extent, so both forms mean the same.
 */
export const split: NodeRule = {
  op: "Split",
  domain: "",
  below: 18,
  convert(node, build) {
    const sizes = node.opset < 13 ? intsOf(node, "split") : undefined;
    const given = sizes ? build.constant("split", i64Tensor(sizes)) : node.opset < 13 ? null : (node.inputs[1] ?? null);
    const attrs = without(node, "split");
    const [x = null] = node.inputs;
    if (given) build.emit("Split", [x, given], attrs);
    else build.emit("Split", [x], { ...attrs, num_outputs: node.proto.outputs.length });
  },
};
