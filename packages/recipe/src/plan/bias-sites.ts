import { elementCount, type Graph, type Node, type TensorData, type Value } from "@vlm-export/ir";
import type { Edge, WeightPlan } from "../plan-types.js";
import type { Exemptions } from "./exemptions.js";
import type { NodeView } from "./node-view.js";
import { edgeKey } from "./plan-weights.js";
import type { Readers } from "./readers.js";

/** A place where an int32 bias can be: a constant added to a sum of integer products. */
export interface BiasSite {
  readonly compute: NodeView;
  readonly inputIndex: number;
  readonly weight: WeightPlan;
  readonly bias: { readonly node: Node; readonly index: number; readonly value: Value };
  /** For MatMul + Add: the sum of products between them, which stays unquantized. */
  readonly accumulator?: Value;
}

/** Bias operands of Conv and Gemm, and constant operands of an Add that alone reads a MatMul with an integer weight. A split node also has a float part, so its sum is not of integers. */
export function biasSites(
  graph: Graph,
  views: ReadonlyMap<Node, NodeView>,
  weights: ReadonlyMap<string, WeightPlan>,
  { readers, exemptions, split }: { readonly readers: Readers; readonly exemptions: Exemptions; readonly split: ReadonlySet<Node> },
): readonly BiasSite[] {
  const sites: BiasSite[] = [];
  for (const compute of views.values()) {
    const weightOperand = compute.operands.find(({ kind, index }) => kind === "weight" && index === 1);
    const input = compute.operands.find(({ kind }) => kind === "activation");
    const weight = weightOperand && weights.get(edgeKey(compute.node, weightOperand.index));
    if (!input || !weight || weight.request.granularity === "block" || split.has(compute.node) || !readsStatic(compute)) continue;
    const found = ownBias(compute, weight) ?? addedBias(graph, compute, weight, { views, readers });
    if (found && !exemptions.edges.has(edgeKey(found.bias.node, found.bias.index)))
      sites.push({ compute, inputIndex: input.index, weight, ...found });
  }
  return sites;
}

function readsStatic({ decisions }: NodeView): boolean {
  return decisions.activations?.value.mode === "static";
}

type Found = Pick<BiasSite, "bias" | "accumulator">;

function ownBias({ node, operands }: NodeView, weight: WeightPlan): Found | undefined {
  const bias = operands.find(({ kind }) => kind === "bias");
  if (!bias || !fitsScales(bias.value.data as TensorData, weight) || !isPlainSum(node)) return undefined;
  return { bias: { node, index: bias.index, value: bias.value } };
}

/** Gemm with alpha = beta = 1. */
function isPlainSum({ attrs }: Node): boolean {
  return (attrs["alpha"] ?? 1) === 1 && (attrs["beta"] ?? 1) === 1;
}

function addedBias(
  graph: Graph,
  { node, operands }: NodeView,
  weight: WeightPlan,
  { views, readers }: { readonly views: ReadonlyMap<Node, NodeView>; readonly readers: Readers },
): Found | undefined {
  const [sum] = node.outputs;
  if (node.op !== "MatMul" || !sum || operands.every(({ kind }) => kind !== "weight") || graph.outputs.includes(sum)) return undefined;
  const reader = onlyAdd(readers.of(sum));
  if (!reader || views.get(reader.node)?.decisions.keep) return undefined;
  const index = 1 - reader.index;
  const value = reader.node.inputs[index];
  if (!value?.data || value.type.dtype !== sum.type.dtype || !fitsScales(value.data, weight)) return undefined;
  return { bias: { node: reader.node, index, value }, accumulator: sum };
}

/** The Add that alone reads a value. */
function onlyAdd([reader, ...others]: readonly Edge[]): { readonly node: Node; readonly index: number } | undefined {
  return reader?.node?.op === "Add" && others.length === 0 ? { node: reader.node, index: reader.index } : undefined;
}

/** One element per scale of the weight, along the last axis only. */
function fitsScales({ shape }: TensorData, { request, value }: WeightPlan): boolean {
  const channels = request.granularity === "channel" ? (value.data as TensorData).shape[request.axis ?? 0] : undefined;
  const elements = elementCount(shape);
  const alongLast = shape.length > 0 && shape.at(-1) === elements;
  return alongLast && (channels === undefined || channels === elements);
}
