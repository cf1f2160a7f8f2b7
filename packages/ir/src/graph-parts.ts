import type { GraphStore } from "./graph-store.js";
import type { AttrValue, Graph, Node, SubgraphAttr, Value } from "./graph.js";

/** True for the body of an If, Loop or Scan. */
export function isSubgraph(attr: AttrValue | undefined): attr is SubgraphAttr {
  return typeof attr === "object" && "kind" in attr && attr.kind === "graph";
}

/** The graphs in the node's attributes; not those within them. */
export function nestedGraphs({ attrs }: Pick<Node, "attrs">): readonly Graph[] {
  return Object.values(attrs)
    .filter(isSubgraph)
    .map(({ graph }) => graph);
}

/** Constants of the graph and of the graphs inside its operators, at any depth. */
export function allConstants({ constants, nodes }: Graph): readonly Value[] {
  return [...constants, ...nodes.flatMap(nestedGraphs).flatMap(allConstants)];
}

/** The outputs that are there. */
export function outputsOf({ outputs }: Pick<Node, "outputs">): readonly Value[] {
  return outputs.filter((value) => value !== null);
}

/** The values that a graph itself defines: inputs, constants, results of nodes. */
export function definedValues({ inputs, constants, nodes }: Graph): readonly Value[] {
  return [...inputs, ...constants, ...nodes.flatMap(outputsOf)];
}

/** True when a node, a nested graph or the outside reads the value. */
export function isRead(graph: Graph, value: Value): boolean {
  return (graph as GraphStore).hasUsers(value) || graph.outputs.includes(value);
}
