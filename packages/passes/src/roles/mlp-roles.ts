import type { Graph, Node, Value } from "@vlm-export/ir";
import type { Roles } from "./roles.js";
import { findAbove, findBelow, isActivation, isConvolution, isProjection, isWeight, isWiring } from "./trace.js";

/** The projections of a perceptron with the names of their parts, in order. */
export type Perceptron = readonly (readonly [Node, string])[];

/**
 * The first perceptron among some nodes: gate, up and down when two projections of one input lead to a third; gate_up and down when one is
 * split in two that do; fc1 and fc2 when an activation lies between two. Empty when there is none.
 */
export function perceptronOf(graph: Graph, nodes: readonly Node[]): Perceptron {
  const projections = nodes.filter(isProjection);
  for (const first of projections) {
    const found = perceptronAt(graph, first, projections);
    if (found.length > 0) return found;
  }
  return [];
}

/** All perceptrons among some nodes, in order. */
export function perceptronsOf(graph: Graph, nodes: readonly Node[]): readonly Perceptron[] {
  const found: Perceptron[] = [];
  let open = nodes.filter(isProjection);
  for (let next = perceptronOf(graph, open); next.length > 0; next = perceptronOf(graph, open)) {
    const last = Math.max(...next.map(([node]) => open.indexOf(node)));
    open = open.slice(last + 1);
    found.push(next);
  }
  return found;
}

function perceptronAt(graph: Graph, first: Node, projections: readonly Node[]): Perceptron {
  const isOther = (node: Node): boolean => projections.includes(node) && node !== first;
  const passes = (node: Node): boolean => isWiring(node) || isActivation(node) || isConvolution(node);
  const twin = projections.find((node) => node !== first && node.inputs[0] === first.inputs[0]);
  const activation = activationBelow(graph, first);
  const from = activation ?? (twin && first);
  const second = from && findBelow(from.outputs[0], graph, isOther, { passes });
  if (!second || second === twin) return [];
  if (twin) return gated(activation ? [first, twin] : [twin, first], second);
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

function gated([gate, up]: readonly [Node, Node], down: Node): Perceptron {
  return [
    [gate, "gate"],
    [up, "up"],
    [down, "down"],
  ];
}

/** The activation that a projection's result goes into, maybe behind a convolution of the rows. */
function activationBelow(graph: Graph, projection: Node): Node | undefined {
  return findBelow(projection.outputs[0], graph, isActivation, {
    passes: (node) => !isResidual(node) && (isWiring(node) || isConvolution(node)),
  });
}

/** A sum of two activations. */
export function isResidual({ op, inputs }: Node): boolean {
  return op === "Add" && !inputs.some(isWeight);
}

/** Ops that put rows beside others: what goes into them leaves its block. */
const JOINING: ReadonlySet<string> = new Set(["Concat", "Where"]);

/** Whether what a perceptron gives is added to the activations around it, as in a block; behind a join, to what it reads itself. */
export function isClosed(graph: Graph, perceptron: Perceptron): boolean {
  const [first, last] = [perceptron[0]?.[0], perceptron.at(-1)?.[0]];
  const passes = (node: Node): boolean => isWiring(node) && !JOINING.has(node.op);
  const isSource = (value: Value | null): boolean =>
    value?.producer !== undefined && findAbove(first?.inputs[0], (node) => node === value.producer) !== undefined;
  const isReturn = (node: Node): boolean => isResidual(node) && node.inputs.some(isSource);
  const end = last?.outputs[0];
  return (findBelow(end, graph, isResidual, { passes }) ?? findBelow(end, graph, isReturn)) !== undefined;
}

export function assignPerceptron(roles: Roles, perceptron: Perceptron, nodes: readonly Node[], prefix: string): void {
  for (const [node, name] of perceptron) roles.assignLayer(node, `${prefix}.${name}`);
  roles.assignRest(insideOf(perceptron, nodes).filter(isActivation), `${prefix}.act`);
}

/** What lies between the first projection of a perceptron and the last, in the order of the graph. */
export function insideOf(perceptron: Perceptron, nodes: readonly Node[]): readonly Node[] {
  const places = perceptron.map(([node]) => nodes.indexOf(node));
  return places.length > 0 ? nodes.slice(Math.min(...places), Math.max(...places)) : [];
}

/** Index behind the residual sum that follows the perceptron's last projection. */
export function perceptronEnd(perceptron: Perceptron, nodes: readonly Node[]): number {
  let end = Math.max(0, ...perceptron.map(([node]) => nodes.indexOf(node) + 1));
  while (end > 0 && CLOSING.has(nodes[end]?.op ?? "")) end += 1;
  return end;
}

const CLOSING: ReadonlySet<string> = new Set(["Add", "Mul", "Cast", "Reshape"]);

function isSplit(graph: Graph, projection: Node): boolean {
  const [output] = projection.outputs;
  return findBelow(output, graph, ({ op }) => op === "Split" || op === "Slice", { limit: 3 }) !== undefined;
}
