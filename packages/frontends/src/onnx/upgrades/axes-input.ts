import { i64Tensor } from "@vlm-export/ir";
import { intsOf, without } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";

/** Moves the attribute `axes` of `op` into its second input: the only change of form at opset `below`. */
export function axesToInput(op: string, below: number): NodeRule {
  return {
    op,
    domain: "",
    below,
    convert(node, build) {
      const axes = intsOf(node, "axes");
      const input = axes && axes.length > 0 ? [build.constant("axes", i64Tensor(axes))] : [];
      build.emit(op, [...node.inputs.slice(0, 1), ...input], without(node, "axes"));
    },
  };
}
