import { type Node, outputsOf, type Value } from "@vlm-export/ir";
import type { ActivationRequest, Edge } from "../plan-types.js";
import type { ActivationSettings, RecipeRule } from "../recipe-types.js";
import type { BiasSite } from "./bias-sites.js";
import type { Decided, NodeDecisions } from "./decide.js";
import type { Exemptions } from "./exemptions.js";
import type { NodeView } from "./node-view.js";
import { isQuantizable } from "./operands.js";
import { edgeKey } from "./plan-weights.js";
import type { Readers } from "./readers.js";

/** A wish that a value be integers of some kind; equal keys can share qparams. */
export interface Demand {
  readonly key: string;
  readonly request: ActivationRequest;
  readonly fixedRanges: boolean;
  readonly rule: RecipeRule;
  /** The value itself must stay float: only this edge is quantized (an outlier split reads the float value too). */
  readonly edgeOnly: boolean;
}

/** What every edge and every definition shall be, before values are grouped. */
export interface Demands {
  /** By {@link edgeKey}. */
  readonly edges: ReadonlyMap<string, Demand>;
  /** Values that are integers from their definition on. */
  readonly definitions: ReadonlyMap<Value, Demand>;
  /** Exempt values that the rules ask something of. */
  readonly refused: ReadonlySet<Value>;
}

interface DemandSite {
  readonly sites: readonly BiasSite[];
  readonly readers: Readers;
  readonly exemptions: Exemptions;
  /** Nodes with an outlier split. */
  readonly split: ReadonlySet<Node>;
}

/** Ops that only move elements: quantizing before or after them gives the same integers. */
const REARRANGING: ReadonlySet<string> = new Set([
  "DepthToSpace",
  "Flatten",
  "Identity",
  "Reshape",
  "SpaceToDepth",
  "Squeeze",
  "Transpose",
  "Unsqueeze",
]);

/** Ops that limit the range: what comes before one can have the qparams of what comes after, because integers saturate. */
export const CLAMPS: ReadonlySet<string> = new Set(["Clip", "Relu"]);

/** True when the node's output takes over the qparams of its input. */
export function sharesQparams({ node, def }: NodeView): boolean {
  return def?.quant === "passthrough" && !CLAMPS.has(node.op);
}

/**
 * Demands of the rules on the inputs (and with `outputs: true` the outputs) of each node; then, from the last node to the first,
 * a value that all readers want alike becomes integers at its definition, and ops that only move elements hand that on to
 * their input.
 */
export function findDemands(
  views: ReadonlyMap<Node, NodeView>,
  inputs: readonly Value[],
  { sites, readers, exemptions, split }: DemandSite,
): Demands {
  const edges = new Map<string, Demand>();
  const forced = new Map<Value, Demand>();
  for (const view of views.values()) ownDemands(view, edges, forced, { readers, split });
  const refused = refuseExempt({ edges, forced, exemptions, views });
  for (const { accumulator } of sites) {
    if (!accumulator) continue;
    forced.delete(accumulator);
    for (const { node, index } of readers.of(accumulator)) if (node) edges.delete(edgeKey(node, index));
  }
  const definitions = new Map<Value, Demand>();
  const settle = (value: Value): void => {
    const demand = forced.get(value) ?? commonDemand(readers, value, edges);
    if (demand && !readers.isCaptured(value) && !exemptions.values.has(value)) definitions.set(value, demand);
  };
  for (const view of [...views.values()].reverse()) {
    for (const value of view.node.outputs) if (value) settle(value);
    handOn(view, edges, { definitions, forced });
  }
  for (const value of inputs) settle(value);
  return { edges, definitions, refused };
}

/** Takes back what the rules ask of exempt values; returns those of which they do. */
function refuseExempt({
  edges,
  forced,
  exemptions,
  views,
}: {
  readonly edges: Map<string, Demand>;
  readonly forced: Map<Value, Demand>;
  readonly exemptions: Exemptions;
  readonly views: ReadonlyMap<Node, NodeView>;
}): ReadonlySet<Value> {
  const refused = new Set([...exemptions.values.keys()].filter((value) => forced.delete(value)));
  for (const { node, operands } of views.values())
    for (const { index, value } of operands) {
      const key = edgeKey(node, index);
      if (exemptions.edges.has(key) && edges.delete(key) && exemptions.values.has(value)) refused.add(value);
    }
  return refused;
}

function ownDemands(
  view: NodeView,
  edges: Map<string, Demand>,
  forced: Map<Value, Demand>,
  { readers, split }: Pick<DemandSite, "readers" | "split">,
): void {
  const { node, operands, decisions } = view;
  const { activations } = decisions;
  const shares = sharesQparams(view);
  if (!activations || operands.length === 0 || (shares && activations.value.mode === "dynamic")) return;
  const demand = demandOf(activations, split.has(node) ? decisions.split : undefined);
  const inputs = operands.filter(({ kind }) => kind === "activation");
  for (const { index } of inputs) edges.set(edgeKey(node, index), demand);
  const decidesOutputs = activations.value.outputs || (shares && inputs.length > 0);
  const outputs = outputsOf(node).filter((value) => isQuantizable(value.type) && readers.of(value).length > 0);
  if (decidesOutputs) for (const value of outputs) forced.set(value, { ...demand, edgeOnly: false });
}

function demandOf({ value, rule }: Decided<ActivationSettings>, split: NodeDecisions["split"]): Demand {
  const { outputs: _outputs, fixedRanges, ...request } = value;
  const edgeOnly = split !== undefined && request.mode === "static";
  const suffix = edgeOnly ? ` split ${split.value.sigma}` : "";
  return { key: JSON.stringify(Object.entries(request)) + suffix, request, fixedRanges, rule, edgeOnly };
}

/** The demand that all readers of the value share; none when one of them wants the float value. */
function commonDemand(readers: Readers, value: Value, edges: ReadonlyMap<string, Demand>): Demand | undefined {
  const found = readers.of(value);
  const wanted = found.map((edge) => demandAt(edge, edges));
  const [first] = wanted;
  return first && wanted.every((demand) => demand && !demand.edgeOnly && demand.key === first.key) ? first : undefined;
}

/** The demand of an edge; a graph output has none. */
export function demandAt({ node, index }: Edge, edges: ReadonlyMap<string, Demand>): Demand | undefined {
  return node ? edges.get(edgeKey(node, index)) : undefined;
}

/** An undecided op that only moves elements asks of its input what its output is; one that merges inputs only when all are integers of that kind anyway. */
function handOn(
  view: NodeView,
  edges: Map<string, Demand>,
  { definitions, forced }: { readonly definitions: ReadonlyMap<Value, Demand>; readonly forced: ReadonlyMap<Value, Demand> },
): void {
  const { node, operands, decisions } = view;
  const [output] = node.outputs;
  const demand = output ? definitions.get(output) : undefined;
  if (!demand || demand.request.mode === "dynamic" || !sharesQparams(view) || decisions.activations || decisions.keep) return;
  const inputs = operands.filter(({ kind }) => kind === "activation");
  const alike = inputs.length === operands.length && inputs.every(({ value }) => forced.get(value)?.key === demand.key);
  if (node.outputs.length === 1 && (REARRANGING.has(node.op) || alike))
    for (const { index } of inputs) edges.set(edgeKey(node, index), demand);
}
