import { elementCount, type Value } from "@vlm-export/ir";
import { textAttrOf } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";

/**
 * Resize: opset 10 has no region and maps coordinates without offset, to the lower neighbour in mode nearest. From 11 on an
 * empty constant stands for an operand that is not given, as opset 11 needed.
 */
export const resize: NodeRule = {
  op: "Resize",
  domain: "",
  convert(node, build) {
    if (node.opset >= 11) return void build.emit("Resize", node.inputs.map(unlessEmpty), node.attrs);
    const [x = null, scales = null] = node.inputs;
    build.emit("Resize", [x, null, scales], oldResizeAttrs(textAttrOf(node, "mode", "nearest")));
    return undefined;
  },
};

function unlessEmpty(value: Value | null): Value | null {
  return value?.data && elementCount(value.data.shape) === 0 ? null : value;
}

/** Attributes that make Resize do what Upsample and Resize of opset 10 did. */
export function oldResizeAttrs(mode: string): Readonly<Record<string, string>> {
  const asymmetric = { coordinate_transformation_mode: "asymmetric" };
  return mode === "nearest"
    ? { ...asymmetric, mode, nearest_mode: "floor" }
    : { ...asymmetric, mode: mode === "bilinear" ? "linear" : mode };
}
