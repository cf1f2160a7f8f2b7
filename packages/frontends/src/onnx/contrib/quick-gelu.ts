import { floatOf } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";
import { numbersTensor } from "../scalar.js";

/** com.microsoft QuickGelu, x · sigmoid(alpha · x), as its three operators: the normalize passes know the pattern. */
export const quickGelu: NodeRule = {
  op: "QuickGelu",
  domain: "com.microsoft",
  convert(node, build) {
    const [x] = node.inputs;
    const alpha = x && numbersTensor(x.type.dtype, [floatOf(node, "alpha", 1.702)], []);
    if (!x || !alpha) return "its input is missing or of unknown type";
    build.emit("Mul", [x, build.inner("Sigmoid", [build.inner("Mul", [x, build.constant("alpha", alpha)])])]);
    return undefined;
  },
};
