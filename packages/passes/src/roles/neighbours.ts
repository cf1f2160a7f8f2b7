import type { Graph, Node } from "@vlm-export/ir";
import { usersOf } from "./trace.js";

/** Numbers of marked nodes around a node; undefined when there is none. */
export interface Neighbours {
  /** The greatest number of a marked node above the node, or its own. */
  latest(node: Node): number | undefined;
  /** The least number of a marked node below the node. */
  earliest(node: Node): number | undefined;
}

/** For every node of a graph, which of the `marked` nodes come before and behind it. */
export function neighboursOf(graph: Graph, marked: ReadonlyMap<Node, number>): Neighbours {
  const above = new Map<Node, number>();
  const below = new Map<Node, number>();
  for (const node of graph.nodes) {
    const found = marked.get(node) ?? Math.max(-1, ...node.inputs.map((input) => (input?.producer && above.get(input.producer)) ?? -1));
    if (found >= 0) above.set(node, found);
  }
  for (const node of graph.nodes.toReversed()) {
    const found = Math.min(
      Number.POSITIVE_INFINITY,
      ...usersOf(graph, node).map((user) => marked.get(user) ?? below.get(user) ?? Number.POSITIVE_INFINITY),
    );
    if (found < Number.POSITIVE_INFINITY) below.set(node, found);
  }
  return { latest: (node) => above.get(node), earliest: (node) => below.get(node) };
}
