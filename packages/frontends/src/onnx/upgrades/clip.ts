import { floatOf } from "../read-attrs.js";
import type { NodeBuilder, NodeRule, SourceNode } from "../rule.js";
import { numbersTensor } from "../scalar.js";

/** Clip: `min` and `max` became inputs at opset 11. */
export const clip: NodeRule = {
  op: "Clip",
  domain: "",
  below: 11,
  convert(node, build) {
    build.emit("Clip", [node.inputs[0] ?? null, bound("min", node, build), bound("max", node, build)]);
  },
};

function bound(name: "min" | "max", node: SourceNode, build: NodeBuilder) {
  if (node.attrs[name] === undefined) return null;
  const dtype = node.inputs[0]?.type.dtype ?? "unknown";
  const data = numbersTensor(dtype === "unknown" ? "f32" : dtype, [floatOf(node, name, 0)], []);
  if (!data) throw build.refuse(`elements of type ${dtype} have no bounds`);
  return build.constant(name, data);
}
