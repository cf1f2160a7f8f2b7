import type { OpDef, OpName, TensorType } from "@vlm-export/ir";
import { attentionTypes, groupQueryTypes, multiHeadTypes } from "./attention-types.js";
import { type PassThroughCall, passThroughCall } from "./pass-through-call.js";

type Rule = (call: PassThroughCall) => readonly TensorType[];

const likeInput: Rule = ({ inputs: [x] }) => (x ? [{ dtype: x.dtype, shape: x.shape }] : []);

/** Shape rules of com.microsoft ops that the registry does not hold; results that a rule does not give stay unknown. */
const RULES: ReadonlyMap<OpName, Rule> = new Map<OpName, Rule>([
  ["com.microsoft::Attention", attentionTypes],
  ["com.microsoft::DecoderMaskedMultiHeadAttention", multiHeadTypes],
  ["com.microsoft::EmbedLayerNormalization", embedTypes],
  ["com.microsoft::GroupQueryAttention", groupQueryTypes],
  ["com.microsoft::MatMulNBits", narrowProductTypes],
  ["com.microsoft::MultiHeadAttention", multiHeadTypes],
  ["com.microsoft::QuickGelu", likeInput],
  ["com.microsoft::RotaryEmbedding", likeInput],
  ["com.microsoft::SkipLayerNormalization", likeInput],
  ["com.microsoft::SkipSimplifiedLayerNormalization", likeInput],
]);

/** The shape rule of an op that only passes through, its attributes encoded; undefined for one of which nothing is known. */
export function passThroughTypes(op: OpName): Pick<OpDef, "infer"> | undefined {
  const rule = RULES.get(op);
  return rule && { infer: (inputs, context) => rule(passThroughCall(inputs, context)) };
}

/** [batch, sequence, row of the word table], and one integer for each sequence. */
function embedTypes(call: PassThroughCall): readonly TensorType[] {
  const [ids, words] = [call.shape(0), call.shape(2)];
  return [
    { dtype: call.inputs[2]?.dtype ?? "unknown", shape: ids && [call.known(ids[0]), call.known(ids[1]), call.known(words?.[1])] },
    { dtype: call.inputs[0]?.dtype ?? "unknown", shape: ids && [call.known(ids[0])] },
  ];
}

/** The input with N columns in place of its last axis. */
function narrowProductTypes(call: PassThroughCall): readonly TensorType[] {
  const shape = call.shape(0);
  return [{ dtype: call.inputs[0]?.dtype ?? "unknown", shape: shape && [...shape.slice(0, -1), call.known(call.ints("N")?.[0])] }];
}
