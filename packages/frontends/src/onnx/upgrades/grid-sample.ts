import { textAttrOf } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";

const NEW_NAMES: ReadonlyMap<string, string> = new Map([
  ["bilinear", "linear"],
  ["bicubic", "cubic"],
]);

/** GridSample: the modes bilinear and bicubic were renamed to linear and cubic at opset 20. */
export const gridSample: NodeRule = {
  op: "GridSample",
  domain: "",
  below: 20,
  convert(node, build) {
    const mode = textAttrOf(node, "mode", "bilinear");
    build.emit("GridSample", node.inputs, { ...node.attrs, mode: NEW_NAMES.get(mode) ?? mode });
  },
};
