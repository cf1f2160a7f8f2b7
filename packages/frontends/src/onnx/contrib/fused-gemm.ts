import { floatOf, textAttrOf, without } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";
import { activationSteps, buildSteps } from "./activation.js";

/** Attributes that hold the activation's own, in its order. */
const PARAMS = ["activation_alpha", "activation_beta", "activation_gamma"] as const;

/** com.microsoft FusedGemm: Gemm, then an activation. */
export const fusedGemm: NodeRule = {
  op: "FusedGemm",
  domain: "com.microsoft",
  convert(node, build) {
    const params = PARAMS.map((param) => (node.attrs[param] === undefined ? undefined : floatOf(node, param, 0)));
    const activation = activationSteps(textAttrOf(node, "activation", ""), params, node, build);
    if (typeof activation === "string") return activation;
    buildSteps([{ op: "Gemm", inputs: node.inputs, attrs: without(node, "activation", ...PARAMS) }, ...activation], build);
    return undefined;
  },
};
