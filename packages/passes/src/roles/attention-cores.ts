import type { Graph, Node, Value } from "@vlm-export/ir";
import { plainName, viewed } from "./operands.js";
import type { Streams } from "./streams.js";
import { findAbove, findBelow, isActivation, isLayer, isProduct, isProjection, isWeight, isWiring } from "./trace.js";

/** The nodes of one attention, found from its structure: softmax between two products, or one attention operator. */
export interface AttentionCore {
  readonly scores?: Node;
  readonly softmax?: Node;
  /** The product with the values, or the attention operator. */
  readonly context: Node;
  /** Layers that make queries, keys and values; the same node when they are fused, undefined when there is none. */
  readonly q: Node | undefined;
  readonly k: Node | undefined;
  readonly v: Node | undefined;
  /** Layer behind the result. */
  readonly out: Node | undefined;
  /** What the queries are made from; undefined when they are learned. */
  readonly stream: Value | undefined;
  /** self: q and k come from the same activations; cross: from different ones; learned: no input reaches q. */
  readonly kind: "self" | "cross" | "learned";
}

interface Site {
  readonly graph: Graph;
  readonly streams: Streams;
}

/** All attentions of a graph, in topological order. */
export function attentionCores(graph: Graph, streams: Streams): readonly AttentionCore[] {
  const site = { graph, streams };
  return graph.nodes.flatMap((node) => {
    const core = node.op === "Softmax" ? decomposed(site, node) : ATTENTION.test(plainName(node.op)) ? fused(site, node) : undefined;
    return core ? [core] : [];
  });
}

/** The operator of ONNX, and those of other domains whose first operands are queries, keys and values, or the input and a fused weight. */
const ATTENTION = /Attention$/;

function decomposed(site: Site, softmax: Node): AttentionCore | undefined {
  const scores = scoresAbove(softmax);
  const context = findBelow(softmax.outputs[0], site.graph, isProduct, { limit: 12, passes: (node) => isWiring(node) || isHeadMix(node) });
  if (!scores || !context) return undefined;
  const [queries, keys] = scores.inputs;
  return { scores, softmax, ...coreOf(site, context, [queries, keys, context.inputs[1]]) };
}

/** The product below a softmax, behind masks, a cap by a tanh and a mix of heads. */
function scoresAbove(softmax: Node): Node | undefined {
  const passes = (node: Node): boolean => isWiring(node) || node.op === "Tanh" || isHeadMix(node);
  return findAbove(softmax.inputs[0], (node) => isProduct(node) || hasLearnedQuery(node), { limit: 32, passes });
}

/** Most heads that an attention has. */
const MAX_HEADS = 128;

/** A projection from heads to as many heads, position by position. */
function isHeadMix(node: Node): boolean {
  const [rows, columns] = node.inputs[1]?.type.shape ?? [];
  return (
    isProjection(node) && rows === columns && typeof rows === "number" && rows <= MAX_HEADS && node.inputs[0]?.type.shape?.length === 4
  );
}

/** A product with constant queries of several heads. */
function hasLearnedQuery(node: Node): boolean {
  const [queries, keys] = node.inputs;
  return node.op === "MatMul" && isWeight(queries) && (queries?.type.shape?.length ?? 0) > 2 && !isWeight(keys);
}

function fused(site: Site, node: Node): AttentionCore {
  const [first, second, third] = node.inputs;
  if (isWeight(second)) return { ...coreOf(site, node, []), q: node, k: node, v: node, stream: first ?? undefined, kind: "self" };
  return coreOf(site, node, second || third ? node.inputs.slice(0, 3) : [first, first, first]);
}

function coreOf({ graph, streams }: Site, context: Node, operands: readonly (Value | null | undefined)[]): AttentionCore {
  const [q, k, v] = operands.map((value) => findAbove(value, isLayer));
  const [queries, keys] = operands;
  const stream = (q ? q.inputs[0] : queries) ?? undefined;
  const memory = k?.inputs[0];
  const isLearned = streams.of(queries).size === 0 && streams.of(keys).size > 0;
  const out = findBelow(context.outputs[0], graph, isLayer, { passes: (node) => isWiring(node) || isActivation(node) });
  if (isLearned) return { context, q, k, v, out, stream: undefined, kind: "learned" };
  return { context, q, k, v, out, stream, kind: q && stream && memory && !isSame(stream, memory) ? "cross" : "self" };
}

/** Whether keys come from the activations that queries come from: other parts of them, or shortened by a few operators. */
function isSame(stream: Value, memory: Value): boolean {
  const [first, second] = [viewed(stream), viewed(memory)];
  return first === second || derivesFrom(second, first) || derivesFrom(first, second);
}

/** Whether `origin` lies a few steps up from `value`. */
function derivesFrom(value: Value, origin: Value): boolean {
  let frontier = [value];
  for (let steps = 0; steps < 8 && frontier.length > 0; steps += 1) {
    if (frontier.includes(origin)) return true;
    frontier = frontier.flatMap(({ producer }) => producer?.inputs.filter((input) => input !== null) ?? []).slice(0, 16);
  }
  return frontier.includes(origin);
}
