import { i64Tensor } from "@vlm-export/ir";
import { intOf, without } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";

/** TopK: `k` became an input at opset 10; `largest` and `sorted`, which came at 11, default to what it did before. */
export const topK: NodeRule = {
  op: "TopK",
  domain: "",
  below: 10,
  convert(node, build) {
    if (node.attrs["k"] === undefined) throw build.refuse("the attribute k is missing");
    build.emit("TopK", [node.inputs[0] ?? null, build.constant("k", i64Tensor([intOf(node, "k", 0)]))], without(node, "k"));
  },
};
