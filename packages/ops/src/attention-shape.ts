import type { Dim } from "@vlm-export/ir";
import { opAttribute } from "./errors.js";
import { checkRank, sameDim } from "./extents.js";
import type { InferCall, Shape } from "./op-call.js";
import { addDims, divideDims } from "./shape-math.js";

/** Extents of one Attention call; undefined where they cannot be told. */
export interface AttentionExtents {
  readonly batch: Dim | undefined;
  readonly heads: Dim | undefined;
  readonly keyHeads: Dim | undefined;
  readonly queries: Dim | undefined;
  readonly headSize: Dim | undefined;
  readonly valueSize: Dim | undefined;
  /** Past and new keys. */
  readonly total: Dim | undefined;
}

/** [batch, heads, sequence, head size] of Q, K or V, which may come as [batch, sequence, heads · head size]. */
function splitHeads(call: InferCall, shape: Shape, attribute: string): readonly (Dim | undefined)[] {
  if (!shape) return [];
  if (shape.length === 4) return shape;
  const heads = call.int(attribute, 0);
  if (heads < 1)
    throw opAttribute(call.op, attribute, call.has(attribute) ? `${heads}` : "absent", "the number of heads, since Q, K and V have rank 3");
  const hidden = shape[2] as Dim;
  if (typeof hidden === "number" && hidden % heads !== 0)
    throw opAttribute(call.op, attribute, `${heads}`, `a divisor of ${hidden}, the hidden size`);
  return [shape[0], heads, shape[1], divideDims(hidden, heads)];
}

/** Reads the extents and checks that they fit. Throws VX-OP-*. */
export function attentionExtents(call: InferCall): AttentionExtents {
  checkRanks(call);
  const [batch, heads, queries, headSize] = splitHeads(call, call.shape(0), "q_num_heads");
  const key = splitHeads(call, call.shape(1), "kv_num_heads");
  const value = splitHeads(call, call.shape(2), "kv_num_heads");
  sameExtents(call, [batch, undefined, undefined, headSize], key, ["K", "Q"]);
  sameExtents(call, [key[0] ?? batch, key[1], key[2], undefined], value, ["V", "Q and K"]);
  sameExtents(call, [batch, key[1], undefined, key[3]], call.shape(4) ?? [], ["past_key", "K"]);
  sameExtents(call, [batch, value[1], call.shape(4)?.[2], value[3]], call.shape(5) ?? [], ["past_value", "V and past_key"]);
  const [, keyHeads, keys] = key;
  if (typeof heads === "number" && typeof keyHeads === "number" && (keyHeads === 0 || heads % keyHeads !== 0))
    throw opAttribute("Attention", "q_num_heads", `${heads}`, `a multiple of the ${keyHeads} heads of K and V`);
  return { batch: batch ?? key[0], heads, keyHeads, queries, headSize, valueSize: value[3], total: totalKeys(call, keys) };
}

const AXES = ["batch size", "number of heads", "length", "head size"] as const;

/** Throws VX-OP-EXTENT where both are known and differ. */
function sameExtents(
  call: InferCall,
  expected: readonly (Dim | undefined)[],
  actual: readonly (Dim | undefined)[],
  [name, other]: readonly [string, string],
): void {
  AXES.forEach((axis, i) => {
    const [a, b] = [expected[i], actual[i]];
    if (a !== undefined && b !== undefined) sameDim(call.op, a, b, [`the ${axis} of ${name}`, `that of ${other}`]);
  });
}

function checkRanks(call: InferCall): void {
  const rank = call.shape(0)?.length;
  const ranks = rank === 3 || rank === 4 ? [rank] : [3, 4];
  checkRank("Attention", "Q", call.shape(0), 3, 4);
  checkRank("Attention", "K", call.shape(1), ...ranks);
  checkRank("Attention", "V", call.shape(2), ...ranks);
  checkRank("Attention", "past_key", call.shape(4), 4);
  checkRank("Attention", "past_value", call.shape(5), 4);
}

function totalKeys(call: InferCall, keys: Dim | undefined): Dim | undefined {
  const past = call.given(4) ? call.shape(4)?.[2] : 0;
  return keys === undefined || past === undefined ? undefined : addDims(past, keys);
}
