import type { Dim, Value } from "@vlm-export/ir";
import { floatOf, intOf, intsOf } from "../read-attrs.js";
import type { NodeBuilder, NodeRule, SourceNode } from "../rule.js";
import { causalBias, type MaskForm, maskFormOf, paddingBias } from "./attention-mask.js";
import { emitAttention, splitHeads } from "./attention-scores.js";
import { extentOf } from "./positions.js";
import { untypedInput } from "./untyped-input.js";

/** Slot of the result that holds keys and values for the next step. */
const PRESENT = 1;

/**
 * com.microsoft Attention as its operators: one product with the joined weights of queries, keys and values, split, then
 * softmax(scale · Q · Kᵀ + attention_bias + mask) · V for each head. All forms of the mask but that of packed sequences.
 */
export const attention: NodeRule = {
  op: "Attention",
  domain: "com.microsoft",
  convert(node, build) {
    const sizes = untypedInput(node) ?? sizesOf(node);
    if (typeof sizes === "string") return sizes;
    const [q, k, v] = project(node, build, sizes.hidden).map((value) => splitHeads(build, value, sizes.heads)) as [Value, Value, Value];
    const past = node.inputs[4];
    const [key, value] = past ? withPast(build, past, [k, v]) : [k, v];
    if (node.outputs[PRESENT]) emitPresent(build, [key, value]);
    const offset = past ? extentOf(build, past, 3) : undefined;
    const site = { query: q, key, offset, filter: floatOf(node, "mask_filter_value", -10000) };
    const mask = node.inputs[3];
    const padding = mask && sizes.form !== "none" ? paddingBias(build, mask, sizes.form, site) : undefined;
    const bias = intOf(node, "unidirectional", 0) === 0 ? padding : causalBias(build, padding, site);
    emitAttention(build, { query: q, key, value, scale: sizes.scale, addends: [node.inputs[5], bias].flatMap((addend) => addend ?? []) });
    return undefined;
  },
};

/** Attributes whose effect the operators here do not have, with that effect. */
const UNSUPPORTED: ReadonlyMap<string, string> = new Map([
  ["do_rotary", "turns queries and keys inside the operator"],
  ["past_present_share_buffer", "writes keys and values in place"],
]);

interface Sizes {
  readonly heads: number;
  /** Columns of queries, of keys and of values in the joined weight. */
  readonly hidden: readonly number[];
  readonly scale: number;
  readonly form: MaskForm;
}

/** What has to be known of the node, or why it stays as it is. */
function sizesOf(node: SourceNode): Sizes | string {
  const [x, weights, , mask] = node.inputs;
  const heads = intOf(node, "num_heads", 0);
  if (!x || !weights || heads < 1) return "its input, its weights or num_heads is missing";
  const unsupported = [...UNSUPPORTED].find(([attribute]) => intOf(node, attribute, 0) !== 0);
  if (unsupported) return `attribute ${unsupported.join(" ")}`;
  const hidden = hiddenSizes(node, weights.type.shape?.[1]);
  const unfit = unfitSizes(node, hidden, heads);
  if (unfit !== undefined) return unfit;
  const form = maskFormOf(mask, x.type.shape?.[0]);
  if (typeof form !== "string") return form.unknown;
  const scale = floatOf(node, "scale", 0) || 1 / Math.sqrt((hidden[0] as number) / heads);
  return { heads, hidden, scale, form };
}

/** Columns of queries, of keys and of values; empty when not known. */
function hiddenSizes(node: SourceNode, columns: Dim | undefined): readonly number[] {
  return intsOf(node, "qkv_hidden_sizes") ?? (typeof columns === "number" ? Array<number>(3).fill(columns / 3) : []);
}

/** Why those sizes have no equivalent. */
function unfitSizes({ inputs, outputs }: SourceNode, hidden: readonly number[], heads: number): string | undefined {
  if (hidden.length !== 3 || !hidden.every((size) => size > 0 && size % heads === 0))
    return `the sizes of queries, keys and values are not known from its weights (${inputs[1]?.type.shape?.[1] ?? "of unknown shape"}) and ${heads} heads`;
  const isJoined = outputs[PRESENT] && hidden[1] !== hidden[2];
  return isJoined ? "it gives out keys and values of different sizes in one result" : undefined;
}

/** Queries, keys and values, each [batch, sequence, its size]. */
function project({ inputs: [x, weights, bias] }: SourceNode, build: NodeBuilder, hidden: readonly number[]): readonly Value[] {
  const products = build.inner("MatMul", [x as Value, weights as Value]);
  const joined = bias ? build.inner("Add", [products, bias]) : products;
  return build.inners("Split", [joined, build.ints("sizes", ...hidden)], { axis: -1 }, 3);
}

/** Keys and values of all steps. */
function withPast(build: NodeBuilder, past: Value, fresh: readonly [Value, Value]): readonly [Value, Value] {
  const states = build.inners("Split", [past], { axis: 0, num_outputs: 2 }, 2);
  const [key, value] = states.map((state, i) => {
    const before = build.inner("Squeeze", [state, build.ints("axes", 0)]);
    return build.inner("Concat", [before, fresh[i] as Value], { axis: 2 });
  });
  return [key as Value, value as Value];
}

function emitPresent(build: NodeBuilder, states: readonly Value[]): void {
  const lifted = states.map((state) => build.inner("Unsqueeze", [state, build.ints("axes", 0)]));
  build.emit("Concat", lifted, { axis: 0 }, [PRESENT]);
}
