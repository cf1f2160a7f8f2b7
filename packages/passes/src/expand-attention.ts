import type { DType, GraphEditor, Node, Pass, Value } from "@vlm-export/ir";
import { codeOfDtype, dtypeOfCode } from "@vlm-export/ops";
import { masked, unmasked } from "./attention-mask.js";
import { joinHeads, splitHeads } from "./heads.js";
import { rankOf } from "./match.js";
import { expandAll, type StandIn, standIn } from "./stand-in.js";

/**
 * Attention → softmax(scale · Q · Kᵀ + mask) · V in operators of opset 13; the inverse of rewrite/fuse-attention. Grouped queries,
 * past keys and values, causal limit and softcap included. Stay: padded keys (nonpad_kv_seqlen), a mask shorter than the keys, and
 * head counts or sizes that are not known.
 */
export const expandAttention: Pass = {
  name: "legalize/expand-attention",
  run: (edit) => expandAll(edit, "Attention", expand),
};

/** Sizes that the expansion needs as numbers. */
interface Sizes {
  readonly heads: number;
  readonly keyHeads: number;
  readonly scale: number;
  /** Whether Q, K and V come as [batch, sequence, heads · size]. */
  readonly isFlat: boolean;
}

function expand(edit: GraphEditor, node: Node): boolean {
  const [q, k, v, mask, past, pastValue, lengths] = node.inputs;
  const sizes = q && k ? sizesOf(node, q, k) : undefined;
  if (!q || !k || !v || !sizes || lengths || isShort(mask, k, past)) return false;
  const write = standIn(edit, node);
  const perHead = (value: Value, heads: number): Value => (sizes.isFlat ? splitHeads(write, value, heads) : value);
  const key = withPast(write, past, perHead(k, sizes.keyHeads));
  const value = withPast(write, pastValue, perHead(v, sizes.keyHeads));
  const query = write.op("Mul", [perHead(q, sizes.heads), write.scalar(sizes.scale, q.type.dtype)]);
  const grouped = { write, ...sizes };
  const scores = groupedProduct(grouped, query, write.op("Transpose", [key], { perm: [0, 1, 3, 2] }));
  const capped = softcapped(write, scores, number(node, "softcap"));
  const masking = { query, key, mask, past, isCausal: number(node, "is_causal") !== 0 };
  const logits = masked(write, capped, masking);
  const weights = unmasked(write, softmax(write, logits, number(node, "softmax_precision")), masking);
  const y = groupedProduct(grouped, weights, value);
  const shown = [scores, capped, logits, weights][number(node, "qk_matmul_output_mode")] ?? scores;
  const results = [sizes.isFlat ? joinHeads(write, y) : y, key, value, shown];
  results.forEach((result, i) => write.replace(node.outputs[i], result));
  return true;
}

function number(node: Node, attribute: string): number {
  return Number(node.attrs[attribute] ?? 0);
}

function withPast(write: StandIn, past: Value | null | undefined, fresh: Value): Value {
  return past ? write.op("Concat", [past, fresh], { axis: 2 }) : fresh;
}

function sizesOf(node: Node, q: Value, k: Value): Sizes | undefined {
  const isFlat = rankOf(q) === 3;
  const heads = isFlat ? node.attrs["q_num_heads"] : q.type.shape?.[1];
  const keyHeads = isFlat ? node.attrs["kv_num_heads"] : k.type.shape?.[1];
  if (typeof heads !== "number" || typeof keyHeads !== "number") return undefined;
  const scale = node.attrs["scale"] ?? defaultScale(q, isFlat ? heads : 1);
  return typeof scale === "number" ? { heads, keyHeads, scale, isFlat } : undefined;
}

/** 1/√size of a head. */
function defaultScale(q: Value, heads: number): number | undefined {
  const hidden = q.type.shape?.at(-1);
  return typeof hidden === "number" ? Math.sqrt(heads / hidden) : undefined;
}

/** True when the mask has fewer columns than there are keys: the rest counts as masked. */
function isShort(mask: Value | null | undefined, key: Value, past: Value | null | undefined): boolean {
  const [columns, fresh, before] = [mask?.type.shape?.at(-1), key.type.shape?.at(-2), past ? past.type.shape?.[2] : 0];
  const isFlat = rankOf(key) === 3;
  const keys = isFlat ? key.type.shape?.[1] : fresh;
  if (!mask || typeof columns !== "number") return false;
  return typeof keys !== "number" || typeof before !== "number" ? columns === 1 : columns < keys + before;
}

/**
 * a · b for each head. With several query heads to a key head, the rows of a group lie one after the other, so that one product of
 * matrices serves the group.
 */
function groupedProduct({ write, heads, keyHeads }: { readonly write: StandIn } & Sizes, a: Value, b: Value): Value {
  if (heads === keyHeads) return write.op("MatMul", [a, b]);
  const rows = write.op("Reshape", [a, write.ints(0, keyHeads, -1, 0)]);
  return write.op("Reshape", [write.op("MatMul", [rows, b]), write.ints(0, heads, -1, 0)]);
}

function softcapped(write: StandIn, scores: Value, cap: number): Value {
  if (cap === 0) return scores;
  const limit = write.scalar(cap, scores.type.dtype);
  return write.op("Mul", [write.op("Tanh", [write.op("Div", [scores, limit])]), limit]);
}

/** Softmax over the keys, in the element type of that ONNX code when there is one. */
function softmax(write: StandIn, logits: Value, precision: number): Value {
  const inner: DType = precision === 0 ? logits.type.dtype : dtypeOfCode("Attention", "softmax_precision", precision);
  if (inner === logits.type.dtype) return write.op("Softmax", [logits], { axis: -1 });
  const weights = write.op("Softmax", [write.op("Cast", [logits], { to: precision })], { axis: -1 });
  return write.op("Cast", [weights], { to: codeOfDtype(logits.type.dtype) as number });
}
