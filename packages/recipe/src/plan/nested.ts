import type { Diagnostic, GraphPlace, GraphTree, Node } from "@vlm-export/ir";
import { placeOf, quantNestedFloat, quantNestedHalf, recipeNoEffect } from "../errors.js";
import type { KeepPlan, NodePlan, WeightPlan } from "../plan-types.js";
import { exemptQuantized } from "./already-quantized.js";
import { Exemptions } from "./exemptions.js";
import { planKeeps } from "./extras.js";
import type { NodeView } from "./node-view.js";
import { edgeKey, planWeights, type WeightForms } from "./plan-weights.js";
import { exemptPositions } from "./positions.js";
import { readersOf } from "./readers.js";

/** A graph inside an operator with what the rules say of its nodes. */
export interface NestedViews {
  readonly place: GraphPlace;
  readonly views: ReadonlyMap<Node, NodeView>;
}

/** Decisions on the nodes inside operators. */
export interface NestedPlans {
  readonly nodes: ReadonlyMap<Node, NodePlan>;
  readonly keeps: readonly KeepPlan[];
}

interface NestedSite {
  readonly tree: GraphTree;
  /** Those of the outermost graph, which the same form of the same constant shares. */
  readonly forms: WeightForms;
  report(finding: Diagnostic): void;
}

/**
 * Weights of the nodes inside operators, by the rules that hold for all nodes. Their activations stay floats: nothing is observed there.
 */
export function planNested(nested: readonly NestedViews[], site: NestedSite): NestedPlans {
  const nodes = new Map<Node, NodePlan>();
  const keeps: KeepPlan[] = [];
  for (const { place, views } of nested) {
    const weights = nestedWeights({ place, views }, site);
    for (const keep of planKeeps([...views.values()])) keeps.push({ ...keep, within: place });
    for (const node of views.keys()) nodes.set(node, nodePlan(node, weights));
  }
  const holders = [...new Set(nested.flatMap(({ place }) => place.holder?.node.op ?? []))].sort();
  reportFloats(nested, holders, site.report);
  reportHalves(keeps, holders, site.report);
  return { nodes, keeps };
}

function nestedWeights({ place, views }: NestedViews, { tree, forms, report }: NestedSite): ReadonlyMap<string, WeightPlan> {
  const readers = readersOf(place.graph);
  const exemptions = new Exemptions();
  exemptQuantized(views, readers, exemptions);
  exemptPositions({ graph: place.graph, tree }, views, readers, exemptions);
  return planWeights([...views.values()], { forms, exemptions, within: place, report });
}

function nodePlan(node: Node, weights: ReadonlyMap<string, WeightPlan>): NodePlan {
  const inputs = node.inputs.map((_, index) => {
    const weight = weights.get(edgeKey(node, index));
    return weight && { kind: "weight" as const, weight };
  });
  return { node, inputs, outputs: node.outputs.map(() => undefined) };
}

/** One warning for all whose activations the rules decide, and a note for each rule whose split is not made. */
function reportFloats(nested: readonly NestedViews[], holders: readonly string[], report: (finding: Diagnostic) => void): void {
  const views = nested.flatMap(({ views: inside }) => [...inside.values()]);
  const floats = views.filter(({ operands, decisions }) => decisions.activations && operands.some(({ kind }) => kind === "activation"));
  if (floats.length > 0) report(quantNestedFloat(floats.length, holders));
  const splits = new Set(views.flatMap(({ decisions }) => decisions.split?.rule ?? []));
  for (const { decidedBy } of splits)
    report({ ...recipeNoEffect(placeOf(decidedBy), "split has no effect inside If, Loop and Scan."), severity: "info" });
}

/** A note for each rule that makes nodes compute in float16. */
function reportHalves(keeps: readonly KeepPlan[], holders: readonly string[], report: (finding: Diagnostic) => void): void {
  const rules = keeps.filter(({ dtype }) => dtype === "f16").map(({ decidedBy }) => decidedBy);
  const distinct = new Map(rules.map((decidedBy) => [decidedBy.rule, decidedBy]));
  for (const decidedBy of distinct.values())
    report(quantNestedHalf(placeOf(decidedBy), rules.filter(({ rule }) => rule === decidedBy.rule).length, holders));
}
