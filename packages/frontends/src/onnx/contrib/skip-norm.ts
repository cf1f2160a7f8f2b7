import type { Value } from "@vlm-export/ir";
import { floatOf } from "../read-attrs.js";
import type { NodeBuilder, NodeRule, SourceNode } from "../rule.js";

/** Default of the skip norms; the plain norms have 1e-5. */
const EPSILON = 1e-12;
/** Result slots: the norm, its statistics (training only), the sum before the norm. */
const SUM = 3;

/** com.microsoft SkipLayerNormalization: (x + skip + bias) normalized over the last axis. */
export const skipLayerNormalization: NodeRule = {
  op: "SkipLayerNormalization",
  domain: "com.microsoft",
  convert(node, build) {
    const [x, skip, gamma, beta, bias] = node.inputs;
    if (!x || !skip || !gamma) return "a required input is missing";
    if (usesStatistics(node)) return "its mean and inverse deviation are read, which are results for training";
    const sum = sumOf([x, skip, bias], node, build);
    build.emit(
      "LayerNormalization",
      beta ? [sum, gamma, beta] : [sum, gamma],
      { axis: -1, epsilon: floatOf(node, "epsilon", EPSILON) },
      [0],
    );
    return undefined;
  },
};

/** com.microsoft SkipSimplifiedLayerNormalization: (x + skip + bias) by its root mean square over the last axis. */
export const skipSimplifiedLayerNormalization: NodeRule = {
  op: "SkipSimplifiedLayerNormalization",
  domain: "com.microsoft",
  convert(node, build) {
    const [x, skip, gamma, bias] = node.inputs;
    if (!x || !skip || !gamma) return "a required input is missing";
    if (usesStatistics(node)) return "its mean and inverse deviation are read, which are results for training";
    const sum = sumOf([x, skip, bias], node, build);
    build.emit("RMSNormalization", [sum, gamma], { axis: -1, epsilon: floatOf(node, "epsilon", EPSILON) }, [0]);
    return undefined;
  },
};

function usesStatistics({ outputs }: SourceNode): boolean {
  return Boolean(outputs[1] ?? outputs[2]);
}

function sumOf([x, skip, bias]: readonly (Value | null | undefined)[], node: SourceNode, build: NodeBuilder): Value {
  const named = node.outputs[SUM];
  const first =
    bias || !named ? build.inner("Add", [x as Value, skip as Value]) : build.emit("Add", [x as Value, skip as Value], {}, [SUM]);
  if (!bias) return first;
  return named ? build.emit("Add", [first, bias], {}, [SUM]) : build.inner("Add", [first, bias]);
}
