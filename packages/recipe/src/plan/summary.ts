import {
  allConstants,
  BITS,
  elementCount,
  type Graph,
  isFloat,
  type Node,
  storedByteLength,
  storedTensor,
  type TensorData,
  type Value,
} from "@vlm-export/ir";
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

/** Counts and sizes of a plan: nodes of the graph itself, constants also of the graphs inside its operators, which stay as they are. */
export function summarize(graph: Graph, parts: PlannedParts, readers: Readers): PlanSummary {
  const constants = allConstants(graph);
  const floats = constants.filter(({ type, data }) => data && isFloat(type.dtype));
  const quantized = new Set([...parts.weights, ...parts.groups.flatMap(({ constants }) => constants)].map(({ value }) => value));
  return {
    nodes: graph.nodes.length,
    quantizedNodes: [...parts.nodes.values()].filter(({ inputs }) => inputs.some((operand) => operand !== undefined)).length,
    parameters: sum(floats, elements),
    quantizedParameters: sum([...quantized], elements),
    bytesBefore: storedByteLength(constants.flatMap(({ data }) => data ?? [])),
    bytesAfter: bytesAfter(constants, storedAs(parts), readers),
    calibratedGroups: parts.groups.filter(({ observe }) => observe.length > 0).length,
  };
}

function sum<T>(items: readonly T[], measure: (item: T) => number): number {
  return items.reduce((total, item) => total + measure(item), 0);
}

function elements({ data }: Value): number {
  return elementCount(data?.shape ?? []);
}

/** Bytes of all quantized forms, and of the float tensors that somebody still reads, each stored one once. */
function bytesAfter(constants: readonly Value[], stored: StoredForms, readers: Readers): number {
  const floats = new Map<TensorData, number>();
  for (const value of constants) {
    if (!value.data) continue;
    const tensor = storedTensor(value.data);
    floats.set(tensor, Math.max(floats.get(tensor) ?? 0, stored.floatBytes(value, readers)));
  }
  return sum(constants, stored.formBytes) + sum([...floats.values()], (bytes) => bytes);
}

interface StoredForms {
  /** Bytes of the quantized forms of a constant. */
  formBytes(value: Value): number;
  /** Bytes of its float form; 0 when only quantized forms are read. */
  floatBytes(value: Value, readers: Readers): number;
}

function storedAs({ weights, biases, groups, keeps }: PlannedParts): StoredForms {
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
    formBytes: (value) => forms.get(value) ?? 0,
    floatBytes(value, readers) {
      const bytes = value.data ? storedTensor(value.data).byteLength : 0;
      const rest = readers.of(value).filter(({ node, index }) => !node || !covered.has(edgeKey(node, index)));
      if (readers.isCaptured(value)) return bytes;
      if (forms.has(value) && rest.length === 0) return 0;
      const isHalved = value.type.dtype === "f32" && rest.length > 0 && rest.every(({ node }) => node && half.has(node));
      return isHalved ? 2 * elements(value) : bytes;
    },
  };
}
