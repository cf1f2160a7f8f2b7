import type { Dim, TensorType } from "@vlm-export/ir";
import { addDims, divideDims, multiplyDims } from "../shape-math.js";
import type { PassThroughCall } from "./pass-through-call.js";

/** com.microsoft Attention: [batch, sequence, size of the values], and keys and values of all steps. */
export function attentionTypes(call: PassThroughCall): readonly TensorType[] {
  const [x, weights, past] = [call.shape(0), call.shape(1), call.shape(4)];
  const hidden = call.ints("qkv_hidden_sizes")?.[2] ?? divided(weights?.[1] ?? call.shape(2)?.[0], 3);
  const heads = call.int("num_heads", 0) || undefined;
  if (!x) return [typed(call, 0, undefined)];
  const isShared = call.int("past_present_share_buffer", 0) !== 0;
  const present = isShared ? past : [2, x[0], heads, past ? added(past[3], x[1]) : x[1], divided(hidden, heads)];
  return [typed(call, 0, [x[0], x[1], hidden]), typed(call, 0, present)];
}

/** com.microsoft MultiHeadAttention and the decoder's form of it: [batch, sequence, size of the values]. */
export function multiHeadTypes(call: PassThroughCall): readonly TensorType[] {
  const query = call.shape(0);
  return [typed(call, 0, query && [query[0], query[1], valueSize(call, query)])];
}

/** com.microsoft GroupQueryAttention: [batch, sequence, size of the queries], and the states that it keeps. */
export function groupQueryTypes(call: PassThroughCall): readonly TensorType[] {
  const query = call.shape(0);
  const [heads, keyHeads] = [call.int("num_heads", 0), call.int("kv_num_heads", 0) || undefined];
  const size = query && divided(query[2], call.inputs[1] ? heads : heads + 2 * (keyHeads ?? 0));
  const states = [3, 4].map((slot): TensorType => {
    const past = call.shape(slot);
    return typed(call, past ? slot : 0, query && [query[0], keyHeads, undefined, past ? past[3] : size]);
  });
  return [typed(call, 0, query && [query[0], query[1], size === undefined ? undefined : multiplyDims(size, heads)]), ...states];
}

/** Values are the third input, flat or split into heads; or joined to the keys, or to keys and queries. */
function valueSize(call: PassThroughCall, query: readonly Dim[]): Dim | undefined {
  const [key, value] = [call.shape(1), call.shape(2)];
  if (call.inputs[2]) return value?.length === 4 ? multiplied(value[1], value[3]) : value?.[2];
  if (call.inputs[1]) return key?.length === 5 ? multiplied(key[2], key[4]) : key?.[2];
  return query.length === 5 ? multiplied(query[2], query[4]) : divided(query[2], 3);
}

function typed(call: PassThroughCall, like: number, shape: readonly (Dim | undefined)[] | undefined): TensorType {
  return { dtype: call.inputs[like]?.dtype ?? "unknown", shape: shape?.map((extent) => call.known(extent)) };
}

function added(a: Dim | undefined, b: Dim | undefined): Dim | undefined {
  return a === undefined || b === undefined ? undefined : addDims(a, b);
}

function multiplied(a: Dim | undefined, b: Dim | undefined): Dim | undefined {
  return a === undefined || b === undefined ? undefined : multiplyDims(a, b);
}

/** Undefined as well where the divisor is 0 or leaves a rest. */
function divided(a: Dim | undefined, b: number | undefined): Dim | undefined {
  return a === undefined || !b ? undefined : divideDims(a, b);
}
