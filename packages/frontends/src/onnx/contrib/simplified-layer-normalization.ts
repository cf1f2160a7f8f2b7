import type { NodeRule } from "../rule.js";

/** SimplifiedLayerNormalization, which ONNX Runtime puts into the default domain, as RMSNormalization: same attributes, same defaults. */
export const simplifiedLayerNormalization: readonly NodeRule[] = ["", "com.microsoft"].map((domain) => ({
  op: "SimplifiedLayerNormalization",
  domain,
  convert(node, build) {
    if (node.outputs.length > 1) return "its inverse deviation is read, which is a result for training";
    if (node.inputs.length !== 2) return `it has ${node.inputs.length} inputs where two are defined`;
    build.emit("RMSNormalization", node.inputs, node.attrs);
    return undefined;
  },
}));
