import type { OnnxAttribute, OnnxGraph, OnnxNode } from "@vlm-export/formats/onnx";

/** More nodes that nothing waits for make ONNX Runtime sort the graph in quadratic time (measured with 1.30: 0.2 s for so many, 4 s for four times as many). */
export const MAX_LEAVES = 1024;

/**
 * The nodes with those that no other reads at the end, the last first. ONNX Runtime begins with the last of these nodes in the file and computes
 * what each needs before it goes to the next: in this order what a node gives out early is computed early, and what it read is free before the
 * model is through; left in place, all of it is held to the end of a run. Unchanged where these nodes are very many.
 */
export function leavesLast(nodes: readonly OnnxNode[]): readonly OnnxNode[] {
  const read = new Set(nodes.flatMap((node) => [...namesReadBy(node)]));
  const [leaves, others]: [OnnxNode[], OnnxNode[]] = [[], []];
  for (const node of nodes) (node.outputs.some((name) => read.has(name)) ? others : leaves).push(node);
  return leaves.length > MAX_LEAVES ? nodes : [...others, ...leaves.toReversed()];
}

/** Inputs, and all that nested graphs read, whoever gives it. */
function* namesReadBy({ inputs, attributes }: OnnxNode): Generator<string> {
  yield* inputs;
  for (const attribute of attributes) for (const graph of graphsOf(attribute)) yield* namesReadIn(graph);
}

function* namesReadIn({ nodes, outputs }: OnnxGraph): Generator<string> {
  for (const node of nodes) yield* namesReadBy(node);
  for (const { name } of outputs) yield name;
}

function graphsOf({ kind, value }: OnnxAttribute): readonly OnnxGraph[] {
  if (kind === "graph") return [value.graph];
  return kind === "graphs" ? value.map(({ graph }) => graph) : [];
}
