import { isSubgraph } from "./graph-parts.js";
import { GraphStore, type Writable } from "./graph-store.js";
import type { AttrValue, Attrs, Graph, Node, Value } from "./graph.js";

/** A copy, and where each value and node of the original went, those of nested graphs included. */
export interface GraphCopy {
  readonly graph: Graph;
  readonly values: ReadonlyMap<Value, Value>;
  readonly nodes: ReadonlyMap<Node, Node>;
}

/**
 * A graph of its own with the same ids, names, order, types and roles; nested graphs are copied too. Tensor data is shared: its
 * content never changes.
 */
export function cloneGraph(graph: Graph): GraphCopy {
  const source = graph as GraphStore;
  const copy = new GraphStore(graph.name);
  copy.nextId = source.nextId;
  copy.nextSymbol = source.nextSymbol;
  const values = new Map<Value, Value>();
  const nodes = new Map<Node, Node>();
  const cloneNested = (nested: Graph): Graph => {
    const inner = cloneGraph(nested);
    for (const [from, to] of inner.values) values.set(from, to);
    for (const [from, to] of inner.nodes) nodes.set(from, to);
    return inner.graph;
  };
  const copyOf = (value: Value): Value => {
    const { producer: _producer, ...facts } = value;
    const twin: Value = { ...facts };
    values.set(value, twin);
    copy.values.set(twin.name, twin);
    return twin;
  };
  copy.inputs.push(...graph.inputs.map(copyOf));
  copy.captures.push(...graph.captures.map(copyOf));
  for (const constant of graph.constants) copy.addConstant(copyOf(constant));
  for (const value of graph.nodes.flatMap((node) => node.outputs)) if (value) copyOf(value);
  const twinOf = (value: Value): Value => values.get(value) as Value;
  for (const node of graph.nodes) {
    const twin: Node = {
      ...node,
      inputs: node.inputs.map((value) => value && twinOf(value)),
      outputs: node.outputs.map((value) => value && twinOf(value)),
      attrs: copyAttrs(node.attrs, cloneNested),
      captures: new Map([...node.captures].map(([name, value]) => [name, twinOf(value)])),
    };
    for (const output of twin.outputs) if (output) (output as Writable<Value>).producer = twin;
    nodes.set(node, twin);
    copy.addNode(twin);
  }
  copy.outputs.push(...graph.outputs.map(twinOf));
  return { graph: copy, values, nodes };
}

function copyAttrs(attrs: Attrs, cloneNested: (graph: Graph) => Graph): Attrs {
  const copy = Object.create(null) as Record<string, AttrValue>;
  for (const [name, value] of Object.entries(attrs))
    copy[name] = isSubgraph(value) ? { kind: "graph", graph: cloneNested(value.graph) } : value;
  return copy;
}
