import {
  BITS,
  elementCount,
  type GraphTree,
  isFloat,
  type Node,
  storedByteLength,
  storedTensor,
  type TensorData,
  type Value,
} from "@vlm-export/ir";
import type { BiasPlan, Edge, KeepPlan, NodePlan, PlanSummary, QuantGroup, WeightPlan } from "../plan-types.js";
import { constantReaders } from "./readers.js";

export interface PlannedParts {
  readonly nodes: ReadonlyMap<Node, NodePlan>;
  readonly groups: readonly QuantGroup[];
  readonly weights: readonly WeightPlan[];
  readonly biases: readonly BiasPlan[];
  readonly keeps: readonly KeepPlan[];
}

/** Counts and sizes of a plan, those of the graphs inside operators included. */
export function summarize(tree: GraphTree, parts: PlannedParts): PlanSummary {
  const constants = tree.places.flatMap(({ graph }) => graph.constants);
  const floats = constants.filter(({ type, data }) => data && isFloat(type.dtype));
  const quantized = new Set([...parts.weights, ...parts.groups.flatMap(({ constants }) => constants)].map(({ value }) => value));
  return {
    nodes: sum(tree.places, ({ graph }) => graph.nodes.length),
    quantizedNodes: [...parts.nodes.values()].filter(({ inputs }) => inputs.some((operand) => operand !== undefined)).length,
    parameters: sum(floats, elements),
    quantizedParameters: sum([...quantized], elements),
    bytesBefore: storedByteLength(constants.flatMap(({ data }) => data ?? [])),
    bytesAfter: bytesAfter(constants, storedAs(parts, constantReaders(tree))),
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
function bytesAfter(constants: readonly Value[], stored: StoredForms): number {
  const floats = new Map<TensorData, number>();
  for (const value of constants) {
    if (!value.data) continue;
    const tensor = storedTensor(value.data);
    floats.set(tensor, Math.max(floats.get(tensor) ?? 0, stored.floatBytes(value)));
  }
  return sum(constants, stored.formBytes) + sum([...floats.values()], (bytes) => bytes);
}

interface StoredForms {
  /** Bytes of the quantized forms of a constant. */
  formBytes(value: Value): number;
  /** Bytes of its float form; 0 when only quantized forms are read. */
  floatBytes(value: Value): number;
}

function storedAs({ weights, biases, groups, keeps }: PlannedParts, readersOf: (constant: Value) => readonly Edge[]): StoredForms {
  const forms = new Map<Value, number>();
  const covered = new Map<Node, Set<number>>();
  const add = (value: Value, bytes: number, edges: readonly Edge[]): void => {
    forms.set(value, (forms.get(value) ?? 0) + bytes);
    for (const { node, index } of edges) if (node) covered.set(node, new Set([...(covered.get(node) ?? []), index]));
  };
  for (const { value, bytesAfter, edges } of weights) add(value, bytesAfter, edges);
  for (const { value, edge } of biases) add(value, 4 * elements(value), [edge]);
  for (const { constants, request } of groups)
    for (const { value, edges } of constants) add(value, Math.ceil((elements(value) * BITS[request.storage]) / 8), edges);
  const half = new Set(keeps.filter(({ dtype }) => dtype === "f16").map(({ node }) => node));
  return {
    formBytes: (value) => forms.get(value) ?? 0,
    floatBytes(value) {
      const bytes = value.data ? storedTensor(value.data).byteLength : 0;
      const rest = readersOf(value).filter(({ node, index }) => !node || !covered.get(node)?.has(index));
      if (forms.has(value) && rest.length === 0) return 0;
      const isHalved = value.type.dtype === "f32" && rest.length > 0 && rest.every(({ node }) => node && half.has(node));
      return isHalved ? 2 * elements(value) : bytes;
    },
  };
}
