import {
  BITS,
  bytesText,
  type Diagnostic,
  elementCount,
  type GraphTree,
  isFloat,
  type Node,
  storedTensor,
  type TensorData,
  type Value,
} from "@vlm-export/ir";
import { quantLittle } from "../errors.js";
import type { Edge, Plan } from "../plan-types.js";
import { isDequantize } from "./already-quantized.js";
import { sharesQparams } from "./demands.js";
import type { NodeView } from "./node-view.js";
import { constantReaders } from "./readers.js";

/** A smaller share of weights that become integers is worth a warning. */
const LITTLE = 0.75;
/** Kinds of operators that one warning names. */
const MOST_HOLDERS = 5;

type Views = ReadonlyMap<Node, NodeView>;

/** Why an operator reads its weights as floats whatever the rules say. */
const REASONS = {
  unknown: "the operator is passed through as it is",
  computed: "weights are computed at run time",
  operand: "not where this operator takes weights",
  double: "float64 weights are not quantized",
} as const;

interface Holder {
  readonly node: Node;
  readonly reason: keyof typeof REASONS;
}

/**
 * Warns where the recipe asks for integer weights and much less than all become integers because of how the model holds the rest. On neither
 * side count weights that a rule keeps or that no rule matches, which is the user's choice, and what is no weight of a product: vectors
 * and positions that are added.
 */
export function reportLittle(
  { weights, groups }: Pick<Plan, "weights" | "groups">,
  { views, tree }: Pick<Site, "views" | "tree">,
  report: (finding: Diagnostic) => void,
): void {
  const planned = new Set([...weights, ...groups.flatMap(({ constants }) => constants)].map(({ value }) => value));
  const held = new HeldWeights();
  let integers = 0;
  const readersOf = constantReaders(tree);
  const runTime = computedOfConstants(views, tree);
  const constants = tree.places.flatMap(({ graph }) => graph.constants);
  for (const value of constants.filter((constant) => isMatrix(constant) || isFactor(constant, readersOf(constant)))) {
    const { data } = value;
    if (planned.has(value) || BITS[value.type.dtype] <= 8) integers += elementCount(data.shape);
    else if (isFloat(value.type.dtype)) held.add(data, holderOf(value, { views, tree, readersOf, runTime }));
  }
  const share = integers / (integers + held.elements);
  if (held.elements > 0 && share < LITTLE) report(quantLittle(share, held.texts(), held.ways()));
}

type Weight = Value & { readonly data: TensorData };

/** A constant of at least two axes. */
function isMatrix(value: Value): value is Weight {
  return value.data !== undefined && value.data.shape.length > 1;
}

/** A vector that is an operand of a product. */
function isFactor(value: Value, edges: readonly Edge[]): value is Weight {
  return value.data?.shape.length === 1 && edges.some(({ node }) => node?.op === "MatMul");
}

interface Site {
  /** Of all nodes, those inside operators included. */
  readonly views: Views;
  readonly tree: GraphTree;
  readersOf(constant: Value): readonly Edge[];
  /** Nodes that compute something of constants alone. */
  readonly runTime: ReadonlySet<Node>;
}

/** What keeps a float constant from becoming integers; undefined where a rule could decide on it. */
function holderOf(value: Value, site: Site): Holder | undefined {
  const { views, readersOf } = site;
  const read = readersOf(value).flatMap(({ node, index }) => {
    const view = node ? views.get(node) : undefined;
    return view ? [{ view, kind: view.operands.find((operand) => operand.index === index)?.kind }] : [];
  });
  const isChoice = read.some(({ view: { decisions }, kind }) => decisions.keep || kind === "weight" || kind === "bias");
  return isChoice ? undefined : read.map(({ view }) => readingOf(view, value, site)).find((holder) => holder !== undefined);
}

function readingOf(view: NodeView, { type }: Value, site: Site): Holder | undefined {
  const { node, def } = view;
  if (isDequantize(node)) return undefined;
  if (!def) return { node, reason: "unknown" };
  if (site.runTime.has(node)) return { node: computingNode(view, site), reason: "computed" };
  return def.macs ? { node, reason: type.dtype === "f64" ? "double" : "operand" } : undefined;
}

/** The first operator behind the constant that does more than move its elements, as far as constants alone go in. */
function computingNode(view: NodeView, site: Site): Node {
  const [output] = view.node.outputs;
  const next = output && [...site.runTime].find(({ inputs }) => inputs.includes(output));
  const nextView = next && site.views.get(next);
  return nextView && sharesQparams(view) ? computingNode(nextView, site) : view.node;
}

function computedOfConstants(views: Views, { sourceOf }: GraphTree): ReadonlySet<Node> {
  const found = new Set<Node>();
  const isFixed = (value: Value | null): boolean =>
    value === null || sourceOf(value).data !== undefined || (!!value.producer && found.has(value.producer));
  for (const { node } of views.values())
    if (node.inputs.length > 0 && node.captures.size === 0 && node.inputs.every(isFixed)) found.add(node);
  return found;
}

/** Float weights by the kind of operator that holds them. */
class HeldWeights {
  private readonly kinds = new Map<string, { readonly holder: Holder; readonly nodes: Set<Node>; bytes: number }>();
  elements = 0;

  add(data: TensorData, holder: Holder | undefined): void {
    if (!holder) return;
    const key = `${holder.node.op} ${holder.reason}`;
    const kind = this.kinds.get(key) ?? { holder, nodes: new Set(), bytes: 0 };
    this.kinds.set(key, kind);
    kind.nodes.add(holder.node);
    kind.bytes += storedTensor(data).byteLength;
    this.elements += elementCount(data.shape);
  }

  /** Which changes of the model would let rules reach them. */
  ways(): { readonly dtype: boolean; readonly form: boolean } {
    const reasons = [...this.kinds.values()].map(({ holder }) => holder.reason);
    return { dtype: reasons.includes("double"), form: reasons.some((reason) => reason !== "double") };
  }

  /** `2 × Scan, 1.2 MB (graphs inside operators are not planned)`, the largest first. */
  texts(): readonly string[] {
    const kinds = [...this.kinds.values()].sort((a, b) => b.bytes - a.bytes);
    const named = kinds
      .slice(0, MOST_HOLDERS)
      .map(({ holder, nodes, bytes }) => `${nodes.size} × ${holder.node.op}, ${bytesText(bytes)} (${REASONS[holder.reason]})`);
    return kinds.length > MOST_HOLDERS ? [...named, `${kinds.length - MOST_HOLDERS} more kinds of operators`] : named;
  }
}
