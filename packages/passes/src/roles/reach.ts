import type { Graph, Node } from "@vlm-export/ir";
import type { AttentionCore } from "./attention-cores.js";

/**
 * For every node, the number of the first attention below it; the count of attentions when there is none. What comes between one
 * attention and the next (the perceptron, beside or behind it, and the norms) thus has the number of the next.
 */
export function reachOf(graph: Graph, cores: readonly AttentionCore[]): ReadonlyMap<Node, number> {
  const numbers = new Map(cores.map(({ context }, i) => [context, i]));
  const reach = new Map<Node, number>();
  for (const node of graph.nodes.toReversed()) {
    const users = node.outputs.flatMap((output) => (output ? graph.users(output) : []));
    const found = users.map((user) => numbers.get(user) ?? reach.get(user) ?? cores.length);
    reach.set(
      node,
      found.reduce((least, each) => Math.min(least, each), cores.length),
    );
  }
  return reach;
}
