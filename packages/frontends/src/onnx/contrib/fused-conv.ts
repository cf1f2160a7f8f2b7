import { floatsOf, textAttrOf, without } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";
import { activationSteps, buildSteps, type Step } from "./activation.js";

/** com.microsoft FusedConv: Conv, then the sum with a residual, then an activation. */
export const fusedConv: NodeRule = {
  op: "FusedConv",
  domain: "com.microsoft",
  convert(node, build) {
    const activation = activationSteps(textAttrOf(node, "activation", ""), floatsOf(node, "activation_params") ?? [], node, build);
    if (typeof activation === "string") return activation;
    const [x = null, weight = null, bias, residual] = node.inputs;
    const operands = bias ? [x, weight, bias] : [x, weight];
    const conv: Step = { op: "Conv", inputs: operands, attrs: without(node, "activation", "activation_params") };
    const sum: readonly Step[] = residual ? [{ op: "Add", inputs: [residual], attrs: {} }] : [];
    buildSteps([conv, ...sum, ...activation], build);
    return undefined;
  },
};
