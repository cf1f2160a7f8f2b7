import { type Graph, GraphEditor, type GraphPlace, isRead, isSubgraph, nestedGraphs, type Value } from "@vlm-export/ir";
import type { Rewrite } from "./rewrite.js";

/** Where in the copy the graph stands that stands at `place` in the plan. */
export function placeInCopy({ edit, copy }: Pick<Rewrite, "edit" | "copy">, place: GraphPlace): GraphPlace {
  if (!place.holder) return { graph: edit.graph, path: "" };
  const { attribute } = place.holder;
  const node = copy.nodes.get(place.holder.node);
  const nested = node?.attrs[attribute];
  if (!node || !isSubgraph(nested)) throw new RangeError(`graph inside: ${place.path} is gone`);
  return { graph: nested.graph, path: place.path, holder: { place: placeInCopy({ edit, copy }, place.holder.place), node, attribute } };
}

/** How many operands and outputs read a value, those inside operators included. */
export function readsOf(graph: Graph, value: Value): number {
  const count = (values: readonly (Value | null)[]): number => values.filter((read) => read === value).length;
  const inNodes = graph.users(value).map((node) => {
    const inside = nestedGraphs(node).flatMap((nested) =>
      nested.captures.filter(({ name }) => node.captures.get(name) === value).map((capture) => readsOf(nested, capture)),
    );
    return count(node.inputs) + sum(inside);
  });
  return sum(inNodes) + count(graph.outputs);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Removes the constants and captures that nobody reads, inside operators first. */
export function removeUnread(edit: GraphEditor): void {
  const { graph } = edit;
  for (const node of graph.nodes) {
    const nested = nestedGraphs(node);
    for (const inside of nested) removeUnread(new GraphEditor(edit.ops, inside));
    for (const name of node.captures.keys())
      if (!nested.some(({ captures }) => captures.some((capture) => capture.name === name))) edit.setCapture(node, name, undefined);
  }
  for (const capture of graph.captures.filter((value) => !isRead(graph, value))) edit.eraseCapture(capture);
  for (const constant of graph.constants) if (!isRead(graph, constant)) edit.eraseConstant(constant);
}
