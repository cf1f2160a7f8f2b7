import { GraphEditor } from "./editor.js";
import { isRead, nestedGraphs } from "./graph-parts.js";
import type { Node, Value } from "./graph.js";
import type { GraphPlace } from "./graph-tree.js";
import type { OpRegistry } from "./op-def.js";
import type { TensorType } from "./types.js";

/** A value with the graph that defines it. */
export interface Definition {
  readonly place: GraphPlace;
  readonly value: Value;
}

/** What a value of the graph at `place` is where it is defined: there, or where the outermost of its captures leads. */
export function definitionOf(place: GraphPlace, value: Value): Definition {
  const outside = place.graph.captures.includes(value) ? place.holder?.node.captures.get(value.name) : undefined;
  return place.holder && outside ? definitionOf(place.holder.place, outside) : { place, value };
}

/**
 * What stands at `place` for a value that a graph around defines: the capture of it, which is made, with `type`, in each graph on the way that has
 * none. Of a quantized value those that are there already become quantized as it is; their shape stays as it counted.
 */
export function captureIn(ops: OpRegistry, place: GraphPlace, value: Value, type: TensorType = value.type): Value {
  const { graph, holder } = place;
  if (!holder || graph.value(value.name) === value) return value;
  const outside = captureIn(ops, holder.place, value, type);
  const edit = new GraphEditor(ops, graph);
  const known = graph.captures.find(({ name }) => holder.node.captures.get(name) === outside);
  if (known) {
    const { quant } = value.type;
    if (known.type.quant !== quant) edit.retype(known, { ...known.type, ...(quant && { quant }) });
    return known;
  }
  const name = captureName(place, holder.node, outside);
  if (holder.node.captures.get(name) !== outside) new GraphEditor(ops, holder.place.graph).setCapture(holder.node, name, outside);
  return edit.addCapture(name, type);
}

/** The name by which another graph of the holder knows the value, or one that none of them has. */
function captureName({ graph }: GraphPlace, holder: Node, outside: Value): string {
  const shared = [...holder.captures].find(([name, value]) => value === outside && !graph.value(name));
  if (shared) return shared[0];
  const isTaken = (name: string): boolean => holder.captures.has(name) || nestedGraphs(holder).some((nested) => nested.value(name));
  let name = outside.name;
  for (let n = 1; isTaken(name); n += 1) name = `${outside.name}_${n}`;
  return name;
}

/** Removes a constant, or a capture and then what it stands for, as far out as nobody reads it. */
export function releaseIn(ops: OpRegistry, place: GraphPlace, value: Value): void {
  const { graph, holder } = place;
  if (isRead(graph, value)) return;
  const edit = new GraphEditor(ops, graph);
  if (value.data) edit.eraseConstant(value);
  if (!holder || !graph.captures.includes(value)) return;
  edit.eraseCapture(value);
  const outside = holder.node.captures.get(value.name);
  const isShared = nestedGraphs(holder.node).some(({ captures }) => captures.some(({ name }) => name === value.name));
  if (!outside || isShared) return;
  new GraphEditor(ops, holder.place.graph).setCapture(holder.node, value.name, undefined);
  releaseIn(ops, holder.place, outside);
}
