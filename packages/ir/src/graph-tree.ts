import { isSubgraph } from "./graph-parts.js";
import type { Graph, Node, Value } from "./graph.js";

/** A graph and, where it stands inside an operator, which. */
export interface GraphPlace {
  readonly graph: Graph;
  /** Before the names of what the graph holds; empty for the outermost graph, else `node/attribute/`, with those around it in front. */
  readonly path: string;
  /** Absent for the outermost graph. */
  readonly holder?: { readonly place: GraphPlace; readonly node: Node; readonly attribute: string };
}

/** A graph with those inside its operators, at any depth. */
export interface GraphTree {
  /** The outermost graph first, every graph before those inside its operators. */
  readonly places: readonly GraphPlace[];
  /** What a capture stands for where it is defined; any other value itself. */
  sourceOf(value: Value): Value;
  /** Name of a constant, after the path of its graph. */
  nameOf(constant: Value): string;
}

export function graphTree(graph: Graph): GraphTree {
  const places: GraphPlace[] = [];
  const sources = new Map<Value, Value>();
  const names = new Map<Value, string>();
  const visit = (place: GraphPlace): void => {
    places.push(place);
    for (const constant of place.graph.constants) names.set(constant, place.path + constant.name);
    for (const inside of place.graph.nodes.flatMap((node) => placesInside(place, node))) {
      for (const capture of inside.graph.captures) {
        const outside = inside.holder.node.captures.get(capture.name);
        if (outside) sources.set(capture, sources.get(outside) ?? outside);
      }
      visit(inside);
    }
  };
  visit({ graph, path: "" });
  return {
    places,
    sourceOf: (value) => sources.get(value) ?? value,
    nameOf: (constant) => names.get(constant) ?? constant.name,
  };
}

/** The graphs in the attributes of a node of the graph at `place`; not those within them. */
function placesInside(place: GraphPlace, node: Node): readonly Required<GraphPlace>[] {
  return Object.entries(node.attrs).flatMap(([attribute, value]) =>
    isSubgraph(value) ? [{ graph: value.graph, path: `${place.path}${node.name}/${attribute}/`, holder: { place, node, attribute } }] : [],
  );
}
