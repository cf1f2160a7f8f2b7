import { BITS, elementCount, type Graph, type Node, type Value } from "@vlm-export/ir";
import type { Region } from "./backend.js";
import type { Verdict } from "./rules.js";

/**
 * Regions of nodes that run on the same unit, convex: grown in waves of a topological order, so that no region waits for
 * itself through another one (as ONNX Runtime's partitioner does it). Every node is in exactly one region.
 */
export function partitionByUnit(graph: Graph, verdicts: readonly Verdict[]): readonly Region[] {
  const unitOf = new Map(verdicts.map((verdict) => [verdict.node, verdict.unit]));
  const pending = new Set(graph.nodes);
  const regions: Region[] = [];
  while (pending.size > 0) {
    const unit = unitOf.get(pending.values().next().value as Node) ?? "cpu";
    const nodes = takeWave(graph, pending, (node) => (unitOf.get(node) ?? "cpu") === unit);
    regions.push({ id: regions.length, unit, nodes: nodes.map((node) => node.name), boundaryBytes: boundaryBytes(graph, new Set(nodes)) });
  }
  return regions;
}

/** Removes from `pending` and returns the accepted nodes that wait for no node outside the wave. */
function takeWave(graph: Graph, pending: Set<Node>, accept: (node: Node) => boolean): readonly Node[] {
  const wave: Node[] = [];
  const blocked = new Set<Node>();
  for (const node of graph.nodes) {
    if (!pending.has(node)) continue;
    const waits = [...node.inputs, ...node.captures.values()].some((value) => value?.producer && blocked.has(value.producer));
    if (waits || !accept(node)) blocked.add(node);
    else wave.push(node);
  }
  for (const node of wave) pending.delete(node);
  return wave;
}

function boundaryBytes(graph: Graph, nodes: ReadonlySet<Node>): number {
  const crossing = new Set<Value>();
  for (const node of nodes) {
    for (const value of node.inputs) if (value && !value.data && !(value.producer && nodes.has(value.producer))) crossing.add(value);
    for (const value of node.outputs)
      if (value && (graph.outputs.includes(value) || graph.users(value).some((user) => !nodes.has(user)))) crossing.add(value);
  }
  return [...crossing].reduce((sum, value) => sum + bytesOf(value), 0);
}

function bytesOf(value: Value): number {
  const extents = (value.type.shape ?? []).map((extent) => (typeof extent === "number" ? extent : 1));
  return Math.ceil((elementCount(extents) * BITS[value.type.quant?.storage ?? value.type.dtype]) / 8);
}
