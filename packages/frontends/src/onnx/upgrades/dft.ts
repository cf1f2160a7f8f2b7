import { i64Tensor } from "@vlm-export/ir";
import { intOf, without } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";

/** DFT: `axis` (default 1) became an input at opset 20. */
export const dft: NodeRule = {
  op: "DFT",
  domain: "",
  below: 20,
  convert(node, build) {
    const [x = null, length = null] = node.inputs;
    build.emit("DFT", [x, length, build.constant("axis", i64Tensor([intOf(node, "axis", 1)], []))], without(node, "axis"));
  },
};
