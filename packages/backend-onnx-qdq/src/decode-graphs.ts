import type { onnx } from "onnx-proto";
import { decodeMalformed } from "./errors.js";

/** Initializers that an operator can read, by name. */
export type Initializers = ReadonlyMap<string, onnx.ITensorProto>;

/** An operator with what it can read: the initializers of its graph and of those around. */
export interface PlacedNode {
  readonly node: onnx.INodeProto;
  readonly initializers: Initializers;
}

interface Around {
  readonly initializers: Initializers;
  /** All names that have a meaning already. */
  readonly names: ReadonlySet<string>;
}

const NOTHING: Around = { initializers: new Map(), names: new Set() };

/**
 * The nodes of a graph and of the graphs inside its operators, each before those that it holds. ONNX wants every name to mean one thing in
 * a graph and all graphs inside it: one that a graph inside defines again is malformed, since its readers would not get what is proven.
 */
export function* allNodes(path: string, graph: onnx.IGraphProto, around: Around = NOTHING): Generator<PlacedNode> {
  const own = namesOf(graph);
  for (const name of own)
    if (around.names.has(name)) throw decodeMalformed(path, `${JSON.stringify(name)} is defined again inside an operator`);
  const tensors = (graph.initializer ?? []).map((tensor) => [tensor.name ?? "", tensor] as const);
  const initializers = new Map([...around.initializers, ...tensors]);
  const names = new Set([...around.names, ...own]);
  for (const node of graph.node ?? []) {
    yield { node, initializers };
    for (const inside of graphsOf(node)) yield* allNodes(path, inside, { initializers, names });
  }
}

function namesOf({ initializer, input, node }: onnx.IGraphProto): ReadonlySet<string> {
  const values = [...(initializer ?? []), ...(input ?? [])].map(({ name }) => name ?? "");
  const results = (node ?? []).flatMap(({ output }) => output ?? []);
  return new Set([...values, ...results].filter((name) => name !== ""));
}

function graphsOf({ attribute }: onnx.INodeProto): readonly onnx.IGraphProto[] {
  return (attribute ?? []).flatMap(({ g, graphs }) => [...(g ? [g] : []), ...(graphs ?? [])]);
}
