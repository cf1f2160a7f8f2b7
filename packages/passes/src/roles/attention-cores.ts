import type { Graph, Node } from "@vlm-export/ir";
import { findAbove, findBelow, isProduct, isProjection } from "./trace.js";

/** The nodes of one attention, found from its structure: softmax between two products of activations, or one Attention node. */
export interface AttentionCore {
  readonly scores?: Node;
  readonly softmax?: Node;
  /** The product with the values, or the fused Attention node. */
  readonly context: Node;
  /** Projections that make queries, keys and values; the same node when they are fused, undefined when there is none. */
  readonly q: Node | undefined;
  readonly k: Node | undefined;
  readonly v: Node | undefined;
  /** Projection of the result. */
  readonly out: Node | undefined;
}

/** All attentions of a graph, in topological order. */
export function attentionCores(graph: Graph): readonly AttentionCore[] {
  return graph.nodes.flatMap((node) => {
    const core = node.op === "Softmax" ? decomposedCore(graph, node) : node.op === "Attention" ? fusedCore(graph, node) : undefined;
    return core ? [core] : [];
  });
}

function decomposedCore(graph: Graph, softmax: Node): AttentionCore | undefined {
  const scores = findAbove(softmax.inputs[0], isProduct);
  const context = findBelow(softmax.outputs[0], graph, isProduct, 8);
  if (!scores || !context) return undefined;
  return {
    scores,
    softmax,
    context,
    q: findAbove(scores.inputs[0], isProjection),
    k: findAbove(scores.inputs[1], isProjection),
    v: findAbove(context.inputs[1], isProjection),
    out: findBelow(context.outputs[0], graph, isProjection),
  };
}

function fusedCore(graph: Graph, context: Node): AttentionCore {
  const [q, k, v] = context.inputs.map((value) => findAbove(value, isProjection));
  return { context, q, k, v, out: findBelow(context.outputs[0], graph, isProjection) };
}
