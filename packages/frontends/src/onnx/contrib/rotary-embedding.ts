import type { Dim } from "@vlm-export/ir";
import { floatOf, intOf } from "../read-attrs.js";
import type { NodeRule, SourceNode } from "../rule.js";

/** com.microsoft RotaryEmbedding with one position per token as the operator of opset 23. */
export const rotaryEmbedding: NodeRule = {
  op: "RotaryEmbedding",
  domain: "com.microsoft",
  convert(node, build) {
    const [x, positions, cos, sin] = node.inputs;
    const heads = headsOf(node);
    if (!x || !cos || !sin) return "a required input is missing";
    if (positions?.type.shape?.length !== 2) return "its position_ids are not known to have two axes: one position for each token";
    if (floatOf(node, "scale", 1) !== 1) return "attribute scale is not 1";
    if (intOf(node, "is_packed_batching", 0) !== 0) return "attribute is_packed_batching is set";
    if (heads === undefined)
      return "its number of heads is not known: num_heads is 0 and the sizes of its input and its cosines do not give it";
    const attrs = { interleaved: intOf(node, "interleaved", 0), rotary_embedding_dim: intOf(node, "rotary_embedding_dim", 0) };
    build.emit("RotaryEmbedding", [x, cos, sin, positions], heads === 0 ? attrs : { ...attrs, num_heads: heads });
    return undefined;
  },
};

/** Number of heads in a rank-3 input, 0 where the rank says it; undefined when unknown. */
function headsOf(node: SourceNode): number | undefined {
  const [x, , cos] = node.inputs;
  const shape = x?.type.shape;
  if (shape?.length === 4) return 0;
  if (shape?.length !== 3) return undefined;
  const stated = intOf(node, "num_heads", 0);
  return stated > 0 ? stated : quotient(shape[2], cos?.type.shape?.[1]);
}

/** hidden / (2 · half) when it is a whole number. */
function quotient(hidden: Dim | undefined, half: Dim | undefined): number | undefined {
  if (typeof hidden !== "number" || typeof half !== "number") return undefined;
  return half > 0 && hidden % (2 * half) === 0 ? hidden / (2 * half) : undefined;
}
