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
  const [keyBatch, keyHeads, keys, keySize] = splitHeads(call, call.shape(1), "kv_num_heads");
  const valueSize = splitHeads(call, call.shape(2), "kv_num_heads")[3];
  if (headSize !== undefined && keySize !== undefined) sameDim("Attention", headSize, keySize, ["the head size of K", "that of Q"]);
  if (typeof heads === "number" && typeof keyHeads === "number" && heads % keyHeads !== 0)
    throw opAttribute("Attention", "q_num_heads", `${heads}`, `a multiple of the ${keyHeads} heads of K and V`);
  return { batch: batch ?? keyBatch, heads, keyHeads, queries, headSize, valueSize, total: totalKeys(call, keys) };
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
