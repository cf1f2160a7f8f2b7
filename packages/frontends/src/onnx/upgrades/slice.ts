import { i64Tensor } from "@vlm-export/ir";
import { intsOf } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";

/** Slice: `starts`, `ends` and `axes` became inputs at opset 10. */
export const slice: NodeRule = {
  op: "Slice",
  domain: "",
  below: 10,
  convert(node, build) {
    const [starts, ends, axes] = ["starts", "ends", "axes"].map((name) => intsOf(node, name));
    if (!starts || !ends) throw build.refuse("the attribute starts or ends is missing");
    const bounds = [build.constant("starts", i64Tensor(starts)), build.constant("ends", i64Tensor(ends))];
    build.emit("Slice", [node.inputs[0] ?? null, ...bounds, axes ? build.constant("axes", i64Tensor(axes)) : null].slice(0, axes ? 4 : 3));
  },
};
