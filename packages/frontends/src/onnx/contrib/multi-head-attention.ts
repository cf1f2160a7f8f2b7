import type { Value } from "@vlm-export/ir";
import { floatOf, intOf } from "../read-attrs.js";
import type { NodeBuilder, NodeRule, SourceNode } from "../rule.js";
import { causalBias, type MaskForm, maskFormOf, paddingBias } from "./attention-mask.js";
import { emitAttention, splitHeads } from "./attention-scores.js";
import { extentOf } from "./positions.js";
import { untypedInput } from "./untyped-input.js";

/** Input slots. */
const [BIAS, MASK, SCORE_BIAS, PAST_KEY, PAST_VALUE, PAST_LENGTH] = [3, 4, 5, 6, 7, 8] as const;
/** Result slots behind the context: what is kept for the next step, and the scores. */
const [PRESENT_KEY, PRESENT_VALUE, SCORES] = [1, 2, 3] as const;

/**
 * com.microsoft MultiHeadAttention as its operators: queries, keys and values plus their parts of the bias, split into heads, then
 * softmax(scale · Q · Kᵀ + attention_bias + mask) · V. Keys and values may come in heads already (cross attention).
 */
export const multiHeadAttention: NodeRule = {
  op: "MultiHeadAttention",
  domain: "com.microsoft",
  convert(node, build) {
    const sizes = untypedInput(node) ?? sizesOf(node);
    if (typeof sizes === "string") return sizes;
    const [query, freshKey, freshValue] = operandsOf(node, build, sizes) as [Value, Value, Value];
    const past = node.inputs[PAST_KEY];
    const [key, value] = [withPast(build, past, freshKey), withPast(build, node.inputs[PAST_VALUE], freshValue)];
    build.bind(PRESENT_KEY, key);
    build.bind(PRESENT_VALUE, value);
    const offset = past ? extentOf(build, past, 2) : undefined;
    const site = { query, key, offset, filter: floatOf(node, "mask_filter_value", -10000) };
    const mask = node.inputs[MASK];
    const padding = mask && sizes.form !== "none" ? paddingBias(build, mask, sizes.form, site) : undefined;
    const bias = intOf(node, "unidirectional", 0) === 0 ? padding : causalBias(build, padding, site);
    const addends = [node.inputs[SCORE_BIAS], bias].flatMap((addend) => addend ?? []);
    emitAttention(build, { query, key, value, scale: sizes.scale, addends });
    return undefined;
  },
};

interface Sizes {
  readonly heads: number;
  readonly scale: number;
  readonly form: MaskForm;
  /** Elements of the bias for queries, keys and values; empty without a bias. */
  readonly parts: readonly number[];
}

/** What has to be known of the node, or why it stays as it is. */
function sizesOf(node: SourceNode): Sizes | string {
  const unlike = jointOf(node) ?? stateOf(node);
  if (unlike !== undefined) return unlike;
  const [batch, , hidden] = node.inputs[0]?.type.shape ?? [];
  const form = maskFormOf(node.inputs[MASK], batch);
  if (typeof form !== "string") return form.unknown;
  const heads = intOf(node, "num_heads", 0);
  if (typeof hidden !== "number" || heads < 1 || hidden % heads !== 0)
    return `the size of its queries (${hidden ?? "not known"}) does not divide into ${heads} heads`;
  const parts = partsOf(node, hidden);
  return parts
    ? { heads, form, parts, scale: floatOf(node, "scale", 0) || Math.sqrt(heads / hidden) }
    : "the part of its bias for the values is not known";
}

/** Why the axes of queries, keys and values have no equivalent. */
function jointOf({ inputs: [query, key, value] }: SourceNode): string | undefined {
  const [rank, ...ranks] = [query, key, value].map((operand) => operand?.type.shape?.length ?? 0);
  if (rank !== 3 || !key || !value) return "its queries, keys and values are joined in one input";
  return ranks[0] === ranks[1] && (ranks[0] === 3 || ranks[0] === 4)
    ? undefined
    : "its keys and values are not known to have 3 or 4 axes both";
}

/** Why what it keeps between steps, shows of its scores, or limits by position, has no equivalent. */
function stateOf(node: SourceNode): string | undefined {
  const { inputs, outputs } = node;
  if (Boolean(inputs[PAST_KEY]) !== Boolean(inputs[PAST_VALUE])) return "one of past_key and past_value is there without the other";
  if (inputs.length > PAST_LENGTH) return "input past_sequence_length or cache_indirection says where keys and values are written in place";
  return outputs[SCORES] ? "its result qk is read" : limitOf(node);
}

/** Why its causal limit has no equivalent: ONNX Runtime leaves the last query unlimited, which is right where the keys are as many as the queries. */
function limitOf(node: SourceNode): string | undefined {
  const [query, key] = node.inputs;
  const [queries, keys] = [query?.type.shape?.[1], key?.type.shape?.at(-2)];
  if (intOf(node, "unidirectional", 0) === 0 || (queries !== undefined && queries === keys)) return undefined;
  return `it is unidirectional, and its keys (${keys ?? "not known"}) are not known to be as many as its queries (${queries ?? "not known"})`;
}

/** Elements of the bias for queries, keys and values; none without a bias, undefined when not known. */
function partsOf({ inputs: [, , value, bias] }: SourceNode, hidden: number): readonly number[] | undefined {
  if (!bias) return [];
  const shape = value?.type.shape;
  const size = shape?.length === 3 ? shape[2] : undefined;
  return typeof size === "number" ? [hidden, hidden, size] : undefined;
}

/** Queries, keys and values, each [batch, heads, sequence, size]. */
function operandsOf(node: SourceNode, build: NodeBuilder, { heads, parts }: Sizes): readonly Value[] {
  const bias = node.inputs[BIAS];
  const biases = bias ? build.inners("Split", [bias, build.ints("sizes", ...parts)], { axis: 0 }, 3) : [];
  return (node.inputs.slice(0, 3) as Value[]).map((operand, i) => {
    const own = biases[i];
    const sum = own ? build.inner("Add", [operand, own]) : operand;
    return operand.type.shape?.length === 4 ? sum : splitHeads(build, sum, heads);
  });
}

function withPast(build: NodeBuilder, past: Value | null | undefined, fresh: Value): Value {
  return past ? build.inner("Concat", [past, fresh], { axis: 2 }) : fresh;
}
