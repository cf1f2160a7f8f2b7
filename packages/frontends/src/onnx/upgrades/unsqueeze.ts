import { i64Tensor } from "@vlm-export/ir";
import { intsOf } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";

/** Unsqueeze: `axes` became an input at opset 13. */
export const unsqueeze: NodeRule = {
  op: "Unsqueeze",
  domain: "",
  below: 13,
  convert(node, build) {
    const axes = intsOf(node, "axes");
    if (!axes) throw build.refuse("the attribute axes is missing");
    build.emit("Unsqueeze", [node.inputs[0] ?? null, build.constant("axes", i64Tensor(axes))]);
  },
};
