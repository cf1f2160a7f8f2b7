import type { Graph, Node } from "@vlm-export/ir";
import type { Roles } from "./roles.js";
import { findBelow, isActivation, isProjection } from "./trace.js";

/** The projections of a perceptron with the names of their parts, in order. */
export type Perceptron = readonly (readonly [Node, string])[];

/**
 * Reads the first projections of a stretch of nodes as a perceptron: gate, up and down when two of one input are multiplied; gate_up and
 * down when one is split in two that are; else fc1 and fc2 with an activation between. Empty when it is none.
 */
export function perceptronOf(graph: Graph, nodes: readonly Node[]): Perceptron {
  const [first, second, third] = nodes.filter(isProjection);
  if (!first || !second) return [];
  if (third && first.inputs[0] === second.inputs[0]) {
    const [gate, up] = leadsToActivation(graph, first) ? [first, second] : [second, first];
    return [
      [gate, "gate"],
      [up, "up"],
      [third, "down"],
    ];
  }
  const isActivated = nodes.slice(nodes.indexOf(first), nodes.indexOf(second)).some(isActivation);
  if (!isActivated || first.inputs[0] === second.inputs[0]) return [];
  return isSplit(graph, first)
    ? [
        [first, "gate_up"],
        [second, "down"],
      ]
    : [
        [first, "fc1"],
        [second, "fc2"],
      ];
}

export function assignPerceptron(roles: Roles, perceptron: Perceptron, nodes: readonly Node[], prefix: string): void {
  for (const [node, name] of perceptron) roles.assignLayer(node, `${prefix}.${name}`);
  const last = Math.max(...perceptron.map(([node]) => nodes.indexOf(node)));
  roles.assignRest(nodes.slice(0, last).filter(isActivation), `${prefix}.act`);
}

/** Index behind the residual sum that follows the perceptron's last projection. */
export function perceptronEnd(perceptron: Perceptron, nodes: readonly Node[]): number {
  let end = Math.max(0, ...perceptron.map(([node]) => nodes.indexOf(node) + 1));
  while (end > 0 && CLOSING.has(nodes[end]?.op ?? "")) end += 1;
  return end;
}

const CLOSING: ReadonlySet<string> = new Set(["Add", "Mul", "Cast", "Reshape"]);

/** An activation reads the projection's result, at most behind its bias. */
function leadsToActivation(graph: Graph, projection: Node): boolean {
  const readers = (node: Node): readonly Node[] => node.outputs.flatMap((output) => (output ? graph.users(output) : []));
  const direct = readers(projection);
  return direct.some(isActivation) || direct.some((node) => (node.op === "Add" || node.op === "Cast") && readers(node).some(isActivation));
}

function isSplit(graph: Graph, projection: Node): boolean {
  const [output] = projection.outputs;
  return findBelow(output, graph, ({ op }) => op === "Split" || op === "Slice", 3) !== undefined;
}
