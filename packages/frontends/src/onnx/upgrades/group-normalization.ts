import { i64Tensor, type Value } from "@vlm-export/ir";
import { intOf } from "../read-attrs.js";
import type { NodeBuilder, NodeRule } from "../rule.js";

/** GroupNormalization: until opset 21 `scale` and `bias` had one element per group, from then on one per channel. */
export const groupNormalization: NodeRule = {
  op: "GroupNormalization",
  domain: "",
  below: 21,
  convert(node, build) {
    const [x = null, scale, bias] = node.inputs;
    const groups = intOf(node, "num_groups", 0);
    const channels = x?.type.shape?.[1];
    if (!scale || !bias || typeof channels !== "number" || groups < 1 || channels % groups !== 0)
      throw build.refuse(`${channels ?? "an unknown number of"} channels in ${groups} groups cannot be told apart`);
    const each = channels / groups;
    build.emit("GroupNormalization", [x, perChannel(scale, groups, each, build), perChannel(bias, groups, each, build)], node.attrs);
  },
};

/** Every element of [groups] repeated `each` times. */
function perChannel(value: Value, groups: number, each: number, build: NodeBuilder): Value {
  const column = build.inner("Reshape", [value, build.constant("column", i64Tensor([groups, 1]))]);
  const rows = build.inner("Expand", [column, build.constant("rows", i64Tensor([groups, each]))]);
  return build.inner("Reshape", [rows, build.constant("flat", i64Tensor([groups * each]))]);
}
