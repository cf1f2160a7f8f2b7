import type { NodeRule } from "../rule.js";

/** Scatter was renamed to ScatterElements at opset 11. */
export const scatter: NodeRule = {
  op: "Scatter",
  domain: "",
  convert(node, build) {
    build.emit("ScatterElements", node.inputs, node.attrs);
  },
};
