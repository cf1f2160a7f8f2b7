import { LARGEST_FINITE, type Value } from "@vlm-export/ir";
import { codeOfDtype } from "@vlm-export/ops";
import { staysFinite } from "./finite.js";
import type { StandIn } from "./stand-in.js";

export interface Masking {
  /** [batch, heads, queries, size]. */
  readonly query: Value;
  /** [batch, key heads, keys, size], past keys included. */
  readonly key: Value;
  /** Added to the scores, or true where a query may attend. */
  readonly mask: Value | null | undefined;
  readonly past: Value | null | undefined;
  readonly isCausal: boolean;
}

/** The scores, which are floats, with mask and causal limit. */
export function masked(write: StandIn, scores: Value, masking: Masking): Value {
  const { mask, isCausal } = masking;
  const { dtype } = scores.type;
  // Not −∞ where nothing else masks: a causal limit leaves each query a key, and integers hold no −∞.
  const never = (): Value => write.scalar(mask ? Number.NEGATIVE_INFINITY : -(LARGEST_FINITE[dtype] as number), dtype);
  const where = (allowed: Value, from: Value): Value => write.op("Where", [allowed, from, never()]);
  const limited = isCausal ? where(causal(write, masking), scores) : scores;
  if (!mask) return limited;
  if (mask.type.dtype === "bool") return where(mask, limited);
  const bias = mask.type.dtype === dtype ? mask : write.op("Cast", [mask], { to: codeOfDtype(dtype) as number });
  return write.op("Add", [limited, bias]);
}

/** The weights, in which a query that may attend to nothing has zeros, as Attention defines it: Where(IsNaN(w), 0, w), where that may be. */
export function unmasked(write: StandIn, weights: Value, { mask, isCausal }: Masking): Value {
  if (!mask || (!isCausal && mask.data && staysFinite(mask, new Map()))) return weights;
  return write.op("Where", [write.op("IsNaN", [weights]), write.scalar(0, weights.type.dtype), weights]);
}

/** [queries, keys], true where the key is no later than the query; past keys come before all queries. */
function causal(write: StandIn, { query, key, past }: Masking): Value {
  const length = (value: Value): Value => write.op("Gather", [write.op("Shape", [value]), write.ints(2)], { axis: 0 });
  const upTo = (value: Value): Value =>
    write.op("Range", [scalarInt(write, 0), write.op("Squeeze", [length(value), write.ints(0)]), scalarInt(write, 1)]);
  const rows = past ? write.op("Add", [upTo(query), length(past)]) : upTo(query);
  return write.op("LessOrEqual", [upTo(key), write.op("Unsqueeze", [rows, write.ints(1)])]);
}

function scalarInt(write: StandIn, value: number): Value {
  return write.op("Squeeze", [write.ints(value), write.ints(0)]);
}
