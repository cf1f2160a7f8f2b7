import { BITS, type DType, type Graph, type Node, type OpRegistry, type TensorData, type Value } from "@vlm-export/ir";
import type { EqualizationPlan, NodePlan, QuantGroup, SplitPlan, WeightPlan } from "../plan-types.js";
import type { NodeView } from "./node-view.js";

const NORMS: ReadonlySet<string> = new Set(["LayerNormalization", "RMSNormalization"]);

interface Context {
  readonly graph: Graph;
  readonly views: ReadonlyMap<Node, NodeView>;
  readonly nodes: ReadonlyMap<Node, NodePlan>;
  readonly split: ReadonlySet<Node>;
  readonly ops: OpRegistry;
}

/** The norms whose every reader is a product that a rule equalizes, with static 8-bit input and a weight of 8 bits or more. */
export function planEqualizations(
  graph: Graph,
  views: ReadonlyMap<Node, NodeView>,
  { nodes, splits, ops }: Pick<Context, "nodes" | "ops"> & { readonly splits: readonly SplitPlan[] },
): readonly EqualizationPlan[] {
  const context: Context = { graph, views, nodes, ops, split: new Set(splits.map(({ node }) => node)) };
  return graph.nodes.flatMap((node) => (NORMS.has(node.op) && !nodes.get(node)?.keep ? (planOf(node, context) ?? []) : []));
}

function planOf(node: Node, context: Context): EqualizationPlan | undefined {
  const { graph, views } = context;
  const [output, ...others] = node.outputs;
  const parameters = parametersOf(node);
  if (!output || others.some((value) => value !== null) || graph.outputs.includes(output) || !parameters) return undefined;
  const users = graph.users(output);
  const rules = users.map((user) => views.get(user)?.decisions.equalize?.rule);
  const weights = users.map((user) => weightOf(user, output, context));
  const group = groupOf(users, output, context);
  const [rule] = rules;
  if (!rule || rules.includes(undefined) || !group || !weights.every((weight) => weight !== undefined)) return undefined;
  const distinct = new Map(weights.map((found) => [found.weight, found]));
  return { node, output, parameters, weights: [...distinct.values()], group, decidedBy: rule.decidedBy };
}

/** Element types of weights and of gains: the factors act in f32, and what is divided by them is rounded to its own type. */
const FLOATS: ReadonlySet<DType> = new Set<DType>(["f32", "f16", "bf16"]);

/** Gain and bias along the last axis, as constants. */
function parametersOf({ inputs, attrs }: Node): EqualizationPlan["parameters"] | undefined {
  const [x, gain, bias] = inputs;
  const rank = x?.type.shape?.length;
  const extent = x?.type.shape?.at(-1);
  const axis = attrs["axis"] ?? -1;
  const fits = (value: Value | null | undefined): boolean =>
    value?.data !== undefined && FLOATS.has(value.data.dtype) && value.data.shape.length === 1 && value.data.shape[0] === extent;
  if (rank === undefined || (axis !== -1 && axis !== rank - 1) || !fits(gain) || (bias && !fits(bias))) return undefined;
  return [gain, bias].flatMap((value, i) => (value ? [{ index: i + 1, value }] : []));
}

/** The weight of a product that reads `output`; undefined when the user is anything else. */
function weightOf(user: Node, output: Value, { nodes, split, ops }: Context): EqualizationPlan["weights"][number] | undefined {
  const plan = nodes.get(user);
  const operand = plan?.inputs[1];
  if (!plan || plan.keep || split.has(user) || !isProductOf(user, output) || operand?.kind !== "weight") return undefined;
  const types = user.inputs.map((input) => input?.type ?? null);
  const axes = ops.get(user.op)?.weightAxes?.(1, types, user.attrs);
  return axes && isScalable(operand.weight, output) ? { weight: operand.weight, reduce: axes.reduce } : undefined;
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
  return isExclusive && FLOATS.has(data.dtype) && data.shape.length === 2 && BITS[request.storage] >= 8;
}

/** The one static 8-bit group that all users read the output in. */
function groupOf(users: readonly Node[], output: Value, { nodes }: Context): QuantGroup | undefined {
  const groups = new Set(
    users.map((user) => {
      const operand = nodes.get(user)?.inputs[0];
      return operand?.kind === "activation" ? operand.group : undefined;
    }),
  );
  const [group] = groups;
  if (groups.size !== 1 || !group) return undefined;
  const { request, values, splits, constants, observe } = group;
  const alone = [...values, ...splits.map(({ value }) => value), ...observe].every((value) => value === output);
  return alone && constants.length === 0 && request.mode === "static" && BITS[request.storage] === 8 && observe.length === 1
    ? group
    : undefined;
}
