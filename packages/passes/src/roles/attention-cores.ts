import type { Graph, Node, Value } from "@vlm-export/ir";
import { findAbove, findBelow, isLayer, isProduct, isWeight } from "./trace.js";

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
  /** self: q and k come from the same activations; cross: from different ones; pool: q is learned. */
  readonly kind: "self" | "cross" | "pool";
}

/** All attentions of a graph, in topological order. */
export function attentionCores(graph: Graph): readonly AttentionCore[] {
  return graph.nodes.flatMap((node) => {
    const core = node.op === "Softmax" ? decomposed(graph, node) : ATTENTION.test(node.op) ? fused(graph, node) : undefined;
    return core ? [core] : [];
  });
}

/** The operator of ONNX, and those of other domains whose first operands are queries, keys and values, or the input and a fused weight. */
const ATTENTION = /^(Attention|.*::\w*Attention)$/;

function decomposed(graph: Graph, softmax: Node): AttentionCore | undefined {
  const scores = findAbove(softmax.inputs[0], (node) => isProduct(node) || hasLearnedQuery(node), 24);
  const context = findBelow(softmax.outputs[0], graph, isProduct, 8);
  if (!scores || !context) return undefined;
  const [queries, keys] = scores.inputs;
  return { scores, softmax, ...coreOf(graph, context, [queries, keys, context.inputs[1]]) };
}

/** A product with constant queries of several heads. */
function hasLearnedQuery(node: Node): boolean {
  const [queries, keys] = node.inputs;
  return node.op === "MatMul" && isWeight(queries) && (queries?.type.shape?.length ?? 0) > 2 && !isWeight(keys);
}

function fused(graph: Graph, node: Node): AttentionCore {
  const [, second, third] = node.inputs;
  if (isWeight(second)) return { ...coreOf(graph, node, []), q: node, k: node, v: node, kind: "self" };
  return coreOf(graph, node, second || third ? node.inputs.slice(0, 3) : [node.inputs[0], node.inputs[0], node.inputs[0]]);
}

function coreOf(graph: Graph, context: Node, [queries, keys, values]: readonly (Value | null | undefined)[]): AttentionCore {
  const [q, k, v] = [queries, keys, values].map((value) => findAbove(value, isLayer));
  return { context, q, k, v, out: findBelow(context.outputs[0], graph, isLayer), kind: kindOf(q, k) };
}

function kindOf(q: Node | undefined, k: Node | undefined): AttentionCore["kind"] {
  if (!q) return k ? "pool" : "self";
  const source = q.inputs[0];
  return !k || q === k || k.inputs[0] === source || derivesFrom(k.inputs[0], source?.producer) ? "self" : "cross";
}

/** Whether a few steps up from `value` lies `origin`: keys of a shortened sequence still come from the same activations. */
function derivesFrom(value: Value | null | undefined, origin: Node | undefined): boolean {
  let frontier = value ? [value] : [];
  for (let steps = 0; steps < 8 && frontier.length > 0; steps += 1) {
    const producers = frontier.flatMap(({ producer }) => producer ?? []);
    if (origin && producers.includes(origin)) return true;
    frontier = producers.flatMap((node) => node.inputs.filter((input) => input !== null)).slice(0, 16);
  }
  return false;
}
