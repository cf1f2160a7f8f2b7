import type { OnnxGraph, OnnxNode } from "@vlm-export/formats/onnx";

/**
 * The nodes in an order in which every node comes after those whose outputs it reads; the order of the file where that is one.
 * `onCycle` makes the error for a node of a cycle.
 */
export function orderNodes(nodes: readonly OnnxNode[], onCycle: (node: OnnxNode) => Error): readonly OnnxNode[] {
  const producer = new Map<string, OnnxNode>();
  for (const node of nodes) for (const name of node.outputs) if (name !== "") producer.set(name, node);
  const needs = (node: OnnxNode): OnnxNode[] => namesRead(node).flatMap((name) => producer.get(name) ?? []);
  if (isOrdered(nodes, producer)) return nodes;
  const done = new Set<OnnxNode>();
  const open = new Set<OnnxNode>();
  for (const root of nodes) {
    const stack = [root];
    for (let node = stack.at(-1); node; node = stack.at(-1)) {
      const waiting = done.has(node) ? [] : needs(node).filter((other) => !done.has(other));
      if (waiting.length === 0) {
        done.add(node);
        stack.pop();
        continue;
      }
      if (open.has(node)) throw onCycle(node);
      open.add(node);
      for (const other of waiting) stack.push(other);
    }
  }
  return [...done];
}

/** Names that a node reads from its own graph or from outside: its inputs and what its nested graphs take; "" for an omitted input. */
function namesRead(node: OnnxNode): readonly string[] {
  const nested = node.attributes.flatMap((attribute) => {
    if (attribute.kind === "graph") return [...freeNames(attribute.value.graph)];
    return attribute.kind === "graphs" ? attribute.value.flatMap(({ graph }) => [...freeNames(graph)]) : [];
  });
  return nested.length === 0 ? node.inputs : [...node.inputs, ...nested];
}

const known = new WeakMap<OnnxGraph, ReadonlySet<string>>();

/** Names that a graph reads but does not define: what it captures. */
function freeNames(graph: OnnxGraph): ReadonlySet<string> {
  const before = known.get(graph);
  if (before) return before;
  const defined = definedNames(graph);
  const read = [...graph.nodes.flatMap(namesRead), ...graph.outputs.map(({ name }) => name)];
  const free = new Set(read.filter((name) => name !== "" && !defined.has(name)));
  known.set(graph, free);
  return free;
}

/** A question whether any of the nodes, or the results, read a name. */
export function readingOf(nodes: readonly OnnxNode[], results: readonly string[]): (name: string) => boolean {
  let read: ReadonlySet<string> | undefined;
  return (name) => (read ??= new Set([...nodes.flatMap(namesRead), ...results])).has(name);
}

/** Every name that a graph itself gives to a value. */
export function definedNames(graph: OnnxGraph): ReadonlySet<string> {
  return new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...graph.sparseInitializers.map(({ values }) => values.name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
}

function isOrdered(nodes: readonly OnnxNode[], producer: ReadonlyMap<string, OnnxNode>): boolean {
  const seen = new Set<OnnxNode>();
  return nodes.every((node) => {
    const ready = namesRead(node).every((name) => {
      const other = producer.get(name);
      return !other || seen.has(other);
    });
    seen.add(node);
    return ready;
  });
}
