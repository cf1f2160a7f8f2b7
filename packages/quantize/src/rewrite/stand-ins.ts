import { type Graph, GraphEditor, type GraphPlace, isRead, isSubgraph, type Node, nestedGraphs, type Value } from "@vlm-export/ir";
import { nodeOf, type Rewrite } from "./rewrite.js";

/** Edits the graph of the copy that stands where `place` says. */
export function editorOf({ edit, copy }: Rewrite, place: GraphPlace): GraphEditor {
  if (!place.holder) return edit;
  const { node, attribute } = place.holder;
  const nested = copy.nodes.get(node)?.attrs[attribute];
  if (!isSubgraph(nested)) throw new RangeError(`stand-in: ${place.path} is gone`);
  return new GraphEditor(edit.ops, nested.graph);
}

/**
 * The capture that stands for a quantized constant of the outermost graph in a graph inside operators. It is quantized as the constant
 * is; of one that was there already, the shape stays as it counted.
 */
export function standIn(rewrite: Rewrite, place: GraphPlace, constant: Value): Value {
  if (!place.holder) return constant;
  const outside = standIn(rewrite, place.holder.place, constant);
  const holder = nodeOf(rewrite, place.holder.node) as Node;
  const edit = editorOf(rewrite, place);
  const known = edit.graph.captures.find(({ name }) => holder.captures.get(name) === outside);
  if (known) {
    const { quant } = constant.type;
    if (known.type.quant !== quant) edit.retype(known, { ...known.type, ...(quant && { quant }) });
    return known;
  }
  const name = captureName(edit, holder, outside);
  if (holder.captures.get(name) !== outside) editorOf(rewrite, place.holder.place).setCapture(holder, name, outside);
  return edit.addCapture(name, constant.type);
}

/** The name by which another graph of the holder knows the value, or one that none of them has. */
function captureName({ graph }: GraphEditor, holder: Node, outside: Value): string {
  const shared = [...holder.captures].find(([name, value]) => value === outside && !graph.value(name));
  if (shared) return shared[0];
  const isTaken = (name: string): boolean => holder.captures.has(name) || nestedGraphs(holder).some((nested) => nested.value(name));
  let name = outside.name;
  for (let n = 1; isTaken(name); n += 1) name = `${outside.name}_${n}`;
  return name;
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
