import { type Attrs, type Dim, type Graph, type GraphEditor, isFloat, type Node, type Pass, type Value } from "@vlm-export/ir";
import { codeOfDtype } from "@vlm-export/ops";
import { biasOf, type ScoreMask } from "./attention-logits.js";
import { bothOrders, keepsRank, producerOf, rankOf, scalarOf, soleUser, uncast } from "./match.js";
import { productOf } from "./product.js";
import { beforeRepeat } from "./repeated-heads.js";
import { lastAxesSwapped } from "./transposed.js";

/**
 * softmax(scale · Q · Kᵀ + mask) · V of rank 4 → Attention. The scale may stand on Q, on K, on both or on the scores; the mask may be
 * added or chosen by Where; the softmax may be computed in f32. Keys and values that are repeated for grouped queries are read before
 * the repetition. A query to which the mask leaves nothing gets zeros, as Attention defines it, where the softmax gave NaN (of −∞ alone) or a mean
 * (of the lowest number alone).
 *
 * Not one of the normalize passes: integer arithmetic needs the products of matrices apart. It is for backends and recipes whose
 * attention stays in float. legalize/expand-attention undoes it.
 */
export const fuseAttention: Pass = {
  name: "rewrite/fuse-attention",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      const match = node.op === "Softmax" ? matchAttention(edit.graph, node) : undefined;
      if (match) modified = fuse(edit, match) || modified;
    }
    return { modified };
  },
};

interface AttentionMatch {
  /** [batch, heads, queries, size]. */
  readonly q: Value;
  /** [batch, heads, size, keys]. */
  readonly transposedKey: Value;
  readonly v: Value;
  readonly scale: number;
  readonly mask: ScoreMask | undefined;
  /** Softmax, in whose element type the weights are computed. */
  readonly softmax: Node;
  readonly output: Value;
}

function matchAttention(graph: Graph, softmax: Node): AttentionMatch | undefined {
  const [logits] = softmax.inputs;
  const context = contextOf(graph, softmax.outputs[0]);
  const [v, output] = [context?.inputs[1], context?.outputs[0]];
  if (!logits || !v || !output || !runsOverKeys(softmax, logits)) return undefined;
  for (const [scores, mask] of splitMask(uncast(logits))) {
    const found = scaledScores(graph, uncast(scores));
    if (found && fits(found, v, logits)) return { ...found, v, mask, softmax, output };
  }
  return undefined;
}

function runsOverKeys(softmax: Node, logits: Value): boolean {
  const axis = softmax.attrs["axis"] ?? -1;
  return rankOf(logits) === 4 && (axis === -1 || axis === 3);
}

/** The product with the values: the only reader of the weights, behind a cast and a guard against NaN. */
function contextOf(graph: Graph, weights: Value | null | undefined): Node | undefined {
  const guarded = weights ? guardOf(graph, weights) : undefined;
  const user = soleUser(guarded ?? weights, graph);
  if (user?.op === "Cast" && user.outputs[0] && isFloat(user.outputs[0].type.dtype)) return contextOf(graph, user.outputs[0]);
  return user?.op === "MatMul" && user.inputs[0] === (guarded ?? weights) ? user : undefined;
}

/** Where(IsNaN(w), 0, w), as PyTorch writes for rows in which everything is masked: Attention gives zeros there. */
function guardOf(graph: Graph, weights: Value): Value | undefined {
  const where = graph.users(weights).find(({ op }) => op === "Where");
  const [condition, instead, kept] = where?.inputs ?? [];
  const guarded = where?.outputs[0];
  const isGuard = producerOf(condition, "IsNaN")?.inputs[0] === weights && kept === weights && scalarOf(instead) === 0;
  const isPrivate = graph.users(weights).length === 2 && !graph.outputs.includes(weights);
  return isGuard && isPrivate && guarded && keepsRank(weights, guarded) ? guarded : undefined;
}

/** The readings of the logits as scores and mask. */
function splitMask(logits: Value): readonly (readonly [scores: Value, mask: ScoreMask | undefined])[] {
  const add = producerOf(logits, "Add");
  const [condition, a, b] = producerOf(logits, "Where")?.inputs ?? [];
  if (add) return bothOrders(add).map(([scores, bias]) => [scores, { kind: "added", bias }] as const);
  if (!condition || !a || !b) return [[logits, undefined]];
  return [
    [a, { kind: "chosen", condition, otherwise: b, isKept: true }],
    [b, { kind: "chosen", condition, otherwise: a, isKept: false }],
  ];
}

type Scores = Pick<AttentionMatch, "q" | "transposedKey" | "scale"> & { readonly scores: Value };

/** Q · Kᵀ with all constant factors on the way collected. */
function scaledScores(graph: Graph, value: Value): Scores | undefined {
  const outer = oneFactor(graph, value);
  const product = producerOf(uncast(outer.factor), "MatMul");
  const [a, b] = product?.inputs ?? [];
  if (!a || !b || rankOf(a) !== 4 || rankOf(b) !== 4) return undefined;
  const [q, k] = [oneFactor(graph, a), oneFactor(graph, b)];
  const scale = outer.constant * q.constant * k.constant;
  return scale > 0 ? { q: q.factor, transposedKey: k.factor, scale, scores: product?.outputs[0] as Value } : undefined;
}

/** `value` as constant · factor. */
function oneFactor(graph: Graph, value: Value): { readonly constant: number; readonly factor: Value } {
  const { constant, factors } = productOf(value, graph);
  const [factor, ...others] = factors;
  return factor && others.length === 0 && rankOf(factor) === rankOf(value) ? { constant, factor } : { constant: 1, factor: value };
}

/** Attention broadcasts neither batch nor keys, and what the mask makes of the scores must have their shape. */
function fits({ q, transposedKey, scores }: Scores, v: Value, logits: Value): boolean {
  const [batch, heads] = extentsOf(q);
  const [keyBatch, keyHeads, size, keys] = extentsOf(transposedKey);
  const [valueBatch, valueHeads, values] = extentsOf(v);
  const isGrouped = typeof heads === "number" && (keyHeads === heads || keyHeads === 1) && valueHeads === keyHeads;
  const pairs = [
    [batch, keyBatch],
    [batch, valueBatch],
    [keys, values],
    [q.type.shape?.[3], size],
    ...(logits.type.shape ?? []).map((extent, i) => [extent, scores.type.shape?.[i]] as const),
  ] as const;
  return (
    isGrouped && rankOf(v) === 4 && isFloat(q.type.dtype) && q.type.dtype === v.type.dtype && pairs.every(([a, b]) => mayBeEqual(a, b))
  );
}

function extentsOf({ type }: Value): readonly Dim[] {
  return type.shape ?? [];
}

/** Two extents that must be equal unless one of them is 1 and broadcasts: equal, or neither is known to be 1. */
function mayBeEqual(a: Dim | undefined, b: Dim | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a !== 1 && b !== 1 && (typeof a === "string" || typeof b === "string"));
}

function fuse(edit: GraphEditor, match: AttentionMatch): boolean {
  const { q, softmax, output, scale } = match;
  const mask = match.mask ? biasOf(edit, match.mask, q) : null;
  if (mask === undefined) return false;
  const key = lastAxesSwapped(edit, match.transposedKey);
  const ungrouped = [key, match.v].map(beforeRepeat);
  const [k, v] = ungrouped.every(Boolean) ? ungrouped : [key, match.v];
  const inner = softmax.outputs[0]?.type.dtype;
  const operands = [q, k as Value, v as Value, ...(mask ? [mask] : [])];
  const attrs: Attrs = inner && inner !== q.type.dtype ? { scale, softmax_precision: codeOfDtype(inner) as number } : { scale };
  const [fused] = edit.insert("Attention", operands, attrs);
  edit.replaceAllUses(output, fused as Value);
  return true;
}
