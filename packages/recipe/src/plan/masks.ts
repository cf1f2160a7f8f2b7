import { type Graph, type Node, outputsOf, type TensorData, type Value } from "@vlm-export/ir";
import { sharesQparams } from "./demands.js";
import type { Edge } from "../plan-types.js";
import type { Exemptions } from "./exemptions.js";
import { largestMagnitude } from "./largest-magnitude.js";
import type { NodeView } from "./node-view.js";
import { edgeKey } from "./plan-weights.js";
import { activationsOf, type Readers } from "./readers.js";

/** Magnitude from which on a constant can only say "not this element", whatever reads it. */
const HUGE = 1e30;
/** The same where it goes on to a Softmax: exp(−100) is 0 beside any other logit, and an 8-bit step over that range is 0.4, which changes a probability by half. */
const LARGE = 100;
/** The same of a factor: the scale of cosines is often 100. */
const LARGE_FACTOR = 1e3;

const SOFTMAX: ReadonlySet<string> = new Set(["Attention", "LogSoftmax", "Softmax"]);
const ELEMENTWISE: ReadonlySet<string> = new Set(["Add", "Cast", "CastLike", "Max", "Min", "Mul", "Neg", "Sub", "Where"]);
/** Operators that take the greatest of several elements: what is masked is gone behind them. */
const SELECTING: ReadonlySet<string> = new Set(["GlobalMaxPool", "MaxPool", "TopK"]);

interface Marks {
  /** Magnitude of the mask that a value carries. */
  readonly carried: ReadonlyMap<Value, number>;
  /** Values that come from graph inputs and constants through elementwise and moving operators only. */
  readonly plain: ReadonlySet<Value>;
  /** Nodes that add a plain value to one that is not. */
  readonly additions: ReadonlySet<Node>;
}

/**
 * Exempts what carries a mask: values that a constant without bounds, or beyond ±1e30, is added to or chosen for, and logits of a
 * Softmax that a constant of ±100 or more or a graph input is added to. No 8-bit range holds both the mask and the numbers beside it.
 */
export function exemptMasks(graph: Graph, views: ReadonlyMap<Node, NodeView>, readers: Readers, exemptions: Exemptions): void {
  const list = [...views.values()];
  if (list.every(({ decisions }) => !decisions.activations)) return;
  const marks = findMarks(graph, list);
  const masked = maskedValues(list, marks, readers);
  for (const value of activationsOf(graph)) {
    if (!masked.has(value)) continue;
    exemptions.keep(value, "mask", readers);
    const view = value.producer && views.get(value.producer);
    for (const { kind, index } of view?.operands ?? []) if (kind === "constant") exemptions.edges.add(edgeKey(view?.node as Node, index));
  }
}

function findMarks(graph: Graph, views: readonly NodeView[]): Marks {
  const carried = new Map<Value, number>();
  const plain = new Set<Value>(graph.inputs);
  const additions = new Set<Node>();
  for (const view of views) {
    if (!carries(view)) continue;
    const { op, inputs } = view.node;
    const given = inputs.filter((value) => value !== null);
    const isPlain = given.every((value) => value.data || plain.has(value));
    const isAddition = (op === "Add" || op === "Sub") && !isPlain && given.some((value) => plain.has(value));
    if (isAddition) additions.add(view.node);
    const magnitude = Math.max(...given.map((value) => carried.get(value) ?? 0), ownMagnitude(view), isAddition ? LARGE : 0);
    for (const value of outputsOf(view.node)) {
      if (isPlain) plain.add(value);
      if (magnitude >= LARGE) carried.set(value, magnitude);
    }
  }
  return { carried, plain, additions };
}

/** True where a mask in an operand is a mask in the result. */
function carries(view: NodeView): boolean {
  const { op } = view.node;
  return ELEMENTWISE.has(op) || op === "ConstantOfShape" || (sharesQparams(view) && !SELECTING.has(op));
}

/** The largest magnitude among the constants that the node itself brings in. */
function ownMagnitude({ node, operands }: NodeView): number {
  const constants = operands.flatMap(({ kind, value }) => (kind === "constant" && value.data ? [value.data] : []));
  const filler = node.op === "ConstantOfShape" ? node.attrs["value"] : undefined;
  if (filler !== undefined && isFloatTensor(filler)) constants.push(filler);
  const largest = Math.max(0, ...constants.map((data) => largestMagnitude(data, HUGE)));
  return node.op === "Mul" && largest < LARGE_FACTOR ? 0 : largest;
}

function isFloatTensor(attr: unknown): attr is TensorData {
  const { dtype, bytes } = attr as Partial<TensorData>;
  return bytes !== undefined && (dtype === "f32" || dtype === "f16" || dtype === "bf16");
}

/** Marked values that are huge or go on to a Softmax, and the plain values that are added there. */
function maskedValues(views: readonly NodeView[], marks: Marks, readers: Readers): ReadonlySet<Value> {
  const masked = new Set<Value>();
  const isMasked = (node: Node): boolean => outputsOf(node).some((value) => masked.has(value));
  const goesOn = ({ node }: Edge): boolean => node !== null && (SOFTMAX.has(node.op) || isMasked(node));
  const nodes = views.map(({ node }) => node).toReversed();
  for (const value of nodes.flatMap(outputsOf)) {
    const magnitude = marks.carried.get(value) ?? 0;
    if (magnitude >= HUGE || (magnitude >= LARGE && readers.of(value).some(goesOn))) masked.add(value);
  }
  return new Set([...masked, ...addendsOf(nodes, marks, isMasked)]);
}

/** The plain values that masked additions add, and those that they come from; `nodes` from last to first. */
function addendsOf(nodes: readonly Node[], { plain, additions }: Marks, isMasked: (node: Node) => boolean): ReadonlySet<Value> {
  const addends = new Set<Value>();
  for (const node of nodes) {
    const isAddend = outputsOf(node).some((value) => addends.has(value));
    if (!isAddend && !(additions.has(node) && isMasked(node))) continue;
    for (const value of node.inputs) if (value && plain.has(value)) addends.add(value);
  }
  return addends;
}
