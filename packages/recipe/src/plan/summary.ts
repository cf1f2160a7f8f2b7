import { BITS, elementCount, type Graph, isFloat, type Node, type Value } from "@vlm-export/ir";
import type { BiasPlan, Edge, KeepPlan, NodePlan, PlanSummary, QuantGroup, WeightPlan } from "../plan-types.js";
import { edgeKey } from "./plan-weights.js";
import type { Readers } from "./readers.js";

export interface PlannedParts {
  readonly nodes: ReadonlyMap<Node, NodePlan>;
  readonly groups: readonly QuantGroup[];
  readonly weights: readonly WeightPlan[];
  readonly biases: readonly BiasPlan[];
  readonly keeps: readonly KeepPlan[];
}

/** Counts and sizes of a plan. */
export function summarize(graph: Graph, parts: PlannedParts, readers: Readers): PlanSummary {
  const floats = graph.constants.filter(({ type, data }) => data && isFloat(type.dtype));
  const quantized = new Set([...parts.weights, ...parts.groups.flatMap(({ constants }) => constants)].map(({ value }) => value));
  const stored = storedAs(parts);
  return {
    nodes: graph.nodes.length,
    quantizedNodes: [...parts.nodes.values()].filter(({ inputs }) => inputs.some((operand) => operand !== undefined)).length,
    parameters: sum(floats, elements),
    quantizedParameters: sum([...quantized], elements),
    bytesBefore: sum(graph.constants, ({ data }) => data?.byteLength ?? 0),
    bytesAfter: sum(graph.constants, (value) => stored.bytesOf(value, readers)),
    calibratedGroups: parts.groups.filter(({ observe }) => observe.length > 0).length,
  };
}

function sum<T>(items: readonly T[], measure: (item: T) => number): number {
  return items.reduce((total, item) => total + measure(item), 0);
}

function elements({ data }: Value): number {
  return elementCount(data?.shape ?? []);
}

/** Bytes of a constant in all its forms: each quantized one, and the float one where somebody still reads it. */
function storedAs({ weights, biases, groups, keeps }: PlannedParts): { bytesOf(value: Value, readers: Readers): number } {
  const forms = new Map<Value, number>();
  const covered = new Set<string>();
  const add = (value: Value, bytes: number, edges: readonly Edge[]): void => {
    forms.set(value, (forms.get(value) ?? 0) + bytes);
    for (const { node, index } of edges) if (node) covered.add(edgeKey(node, index));
  };
  for (const { value, bytesAfter, edges } of weights) add(value, bytesAfter, edges);
  for (const { value, edge } of biases) add(value, 4 * elements(value), [edge]);
  for (const { constants, request } of groups)
    for (const { value, edges } of constants) add(value, Math.ceil((elements(value) * BITS[request.storage]) / 8), edges);
  const half = new Set(keeps.filter(({ dtype }) => dtype === "f16").map(({ node }) => node));
  return {
    bytesOf(value, readers) {
      const bytes = value.data?.byteLength ?? 0;
      const rest = readers.of(value).filter(({ node, index }) => !node || !covered.has(edgeKey(node, index)));
      if (forms.has(value) && rest.length === 0) return forms.get(value) as number;
      const halved = value.type.dtype === "f32" && rest.length > 0 && rest.every(({ node }) => node && half.has(node));
      return (forms.get(value) ?? 0) + (halved ? bytes / 2 : bytes);
    },
  };
}
