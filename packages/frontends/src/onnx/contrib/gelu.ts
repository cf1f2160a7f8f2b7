import type { NodeRule } from "../rule.js";

/** com.microsoft Gelu, BiasGelu (erf) and FastGelu (tanh; optional bias) as a sum and Gelu. */
export const gelus: readonly NodeRule[] = [geluRule("Gelu", "none"), geluRule("BiasGelu", "none"), geluRule("FastGelu", "tanh")];

function geluRule(op: string, approximate: "none" | "tanh"): NodeRule {
  return {
    op,
    domain: "com.microsoft",
    convert(node, build) {
      const [x, bias] = node.inputs;
      if (!x) throw build.refuse("its input is missing");
      build.emit("Gelu", [bias ? build.inner("Add", [x, bias]) : x], { approximate });
    },
  };
}
