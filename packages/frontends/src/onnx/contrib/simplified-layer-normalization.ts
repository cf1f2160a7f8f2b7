import type { NodeRule } from "../rule.js";

/** SimplifiedLayerNormalization, which ONNX Runtime puts into the default domain, as RMSNormalization: same attributes, same defaults. */
export const simplifiedLayerNormalization: readonly NodeRule[] = ["", "com.microsoft"].map((domain) => ({
  op: "SimplifiedLayerNormalization",
  domain,
  convert(node, build) {
    if (node.outputs.length > 1 || node.inputs.length !== 2) return false;
    build.emit("RMSNormalization", node.inputs, node.attrs);
    return undefined;
  },
}));
