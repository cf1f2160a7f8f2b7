import { BITS, type Node, type OpRegistry, type TensorData, type Value } from "@vlm-export/ir";
import type { Plan, QuantGroup, WeightPlan } from "@vlm-export/recipe";

/** A norm whose channels can be scaled against the rows of the weights that read it, without changing what the graph computes. */
export interface EqualizableNorm {
  readonly node: Node;
  /** Its output, which only products with the weights read. */
  readonly output: Value;
  /** Gain, and bias when there is one. */
  readonly parameters: readonly { readonly index: number; readonly value: Value }[];
  readonly weights: readonly { readonly plan: WeightPlan; readonly reduce: number }[];
  readonly group: QuantGroup;
}

const NORMS: ReadonlySet<string> = new Set(["LayerNormalization", "RMSNormalization"]);

/** The norms of a plan that pass through static 8-bit activations into weights of 8 bits or more, and nothing else. */
export function equalizableNorms(plan: Plan, ops: OpRegistry): readonly EqualizableNorm[] {
  const taken = new Set([...plan.keeps, ...plan.splits].map(({ node }) => node));
  return plan.graph.nodes.flatMap((node) => {
    if (!NORMS.has(node.op) || taken.has(node)) return [];
    return normOf(plan, node, { ops, taken }) ?? [];
  });
}

interface Context {
  readonly ops: OpRegistry;
  readonly taken: ReadonlySet<Node>;
}

function normOf(plan: Plan, node: Node, context: Context): EqualizableNorm | undefined {
  const [output, ...others] = node.outputs;
  const parameters = parametersOf(node);
  if (!output || others.some((value) => value !== null) || plan.graph.outputs.includes(output) || !parameters) return undefined;
  const users = plan.graph.users(output);
  const weights = users.map((user) => weightOf(plan, user, output, context));
  const group = groupOf(plan, users, output);
  if (users.length === 0 || !group || !weights.every((weight) => weight !== undefined)) return undefined;
  const distinct = new Map(weights.map((weight) => [weight.plan, weight]));
  return { node, output, parameters, weights: [...distinct.values()], group };
}

/** Gain and bias along the last axis, as f32 constants. */
function parametersOf({ inputs, attrs }: Node): EqualizableNorm["parameters"] | undefined {
  const [x, gain, bias] = inputs;
  const rank = x?.type.shape?.length;
  const extent = x?.type.shape?.at(-1);
  const axis = attrs["axis"] ?? -1;
  const fits = (value: Value | null | undefined): boolean =>
    value?.data?.dtype === "f32" && value.data.shape.length === 1 && value.data.shape[0] === extent;
  if (rank === undefined || (axis !== -1 && axis !== rank - 1) || !fits(gain) || (bias && !fits(bias))) return undefined;
  return [gain, bias].flatMap((value, i) => (value ? [{ index: i + 1, value }] : []));
}

/** The weight of a product that reads `output`; undefined when it is anything else. */
function weightOf(plan: Plan, user: Node, output: Value, { ops, taken }: Context): EqualizableNorm["weights"][number] | undefined {
  const operand = plan.nodes.get(user)?.inputs[1];
  if (taken.has(user) || !isProductOf(user, output) || operand?.kind !== "weight") return undefined;
  const types = user.inputs.map((input) => input?.type ?? null);
  const axes = ops.get(user.op)?.weightAxes?.(1, types, user.attrs);
  return axes && isScalable(operand.weight, output) ? { plan: operand.weight, reduce: axes.reduce } : undefined;
}

/** True for a product that reads the value as its left operand and in no other way. */
function isProductOf(user: Node, output: Value): boolean {
  const isProduct = user.op === "MatMul" || (user.op === "Gemm" && user.attrs["transA"] !== 1);
  return isProduct && user.inputs[0] === output && user.inputs.lastIndexOf(output) === 0 && user.captures.size === 0;
}

/** True for a matrix in 8 bits or more that no product with another input reads in this form. */
function isScalable({ value, edges, request }: WeightPlan, output: Value): boolean {
  const data = value.data as TensorData;
  const isExclusive = edges.every(({ node }) => node?.inputs[0] === output);
  return isExclusive && data.dtype === "f32" && data.shape.length === 2 && BITS[request.storage] >= 8;
}

/** The one static 8-bit group that all products read the output in. */
function groupOf(plan: Plan, users: readonly Node[], output: Value): QuantGroup | undefined {
  const groups = new Set(users.map((user) => activationGroup(plan, user)));
  const [group] = groups;
  if (groups.size !== 1 || !group) return undefined;
  const { request, values, splits, constants, observe } = group;
  const alone = [...values, ...splits.map(({ value }) => value), ...observe].every((value) => value === output);
  return alone && constants.length === 0 && request.mode === "static" && BITS[request.storage] === 8 && observe.length === 1
    ? group
    : undefined;
}

function activationGroup({ nodes }: Plan, user: Node): QuantGroup | undefined {
  const operand = nodes.get(user)?.inputs[0];
  return operand?.kind === "activation" ? operand.group : undefined;
}

/** The integer ranges that the best factors depend on; equal for equal factors. */
export function precisionOf({ group, weights }: EqualizableNorm): string {
  return JSON.stringify([group.request.range, ...weights.map(({ plan }) => plan.request.range)]);
}
