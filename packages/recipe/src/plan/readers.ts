import { type Graph, type GraphTree, outputsOf, type Value } from "@vlm-export/ir";
import type { Edge } from "../plan-types.js";

/** Who reads each value: operands of nodes, graph outputs, and nested graphs (as a reader without demand). */
export interface Readers {
  of(value: Value): readonly Edge[];
  /** True when a nested graph takes the value from outside: it must stay as it is. */
  isCaptured(value: Value): boolean;
}

/** Who reads each constant: operands also of nodes inside operators, outputs also of the graphs there. */
export function constantReaders({ places, sourceOf }: GraphTree): (constant: Value) => readonly Edge[] {
  const edges = new Map<Value, Edge[]>();
  const add = (value: Value, edge: Edge): void => {
    const source = sourceOf(value);
    if (!source.data) return;
    const known = edges.get(source);
    if (known) known.push(edge);
    else edges.set(source, [edge]);
  };
  for (const place of places) {
    const within = place.holder && { within: place };
    for (const node of place.graph.nodes) node.inputs.forEach((value, index) => value && add(value, { node, index, ...within }));
    place.graph.outputs.forEach((value, index) => add(value, { node: null, index, ...within }));
  }
  return (constant) => edges.get(constant) ?? [];
}

/** Everything that can be an activation, in order of definition. */
export function activationsOf({ inputs, nodes }: Graph): readonly Value[] {
  return [...inputs, ...nodes.flatMap(outputsOf)];
}

export function readersOf(graph: Graph): Readers {
  const edges = new Map<Value, Edge[]>();
  const captured = new Set<Value>();
  const add = (value: Value, edge: Edge): void => {
    const known = edges.get(value);
    if (known) known.push(edge);
    else edges.set(value, [edge]);
  };
  for (const node of graph.nodes) {
    node.inputs.forEach((value, index) => value && add(value, { node, index }));
    for (const value of node.captures.values()) captured.add(value);
  }
  graph.outputs.forEach((value, index) => add(value, { node: null, index }));
  return { of: (value) => edges.get(value) ?? [], isCaptured: (value) => captured.has(value) };
}
