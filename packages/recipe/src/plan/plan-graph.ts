import { type Diagnostic, type Graph, type Model, type Node, type OpRegistry, type Value, VxError } from "@vlm-export/ir";
import type { BiasPlan, Edge, KeepPlan, NodePlan, OperandPlan, Plan, WeightPlan } from "../plan-types.js";
import type { Recipe, RecipeRule } from "../recipe-types.js";
import { exemptQuantized } from "./already-quantized.js";
import { biasSites } from "./bias-sites.js";
import { dataNeed } from "./data-need.js";
import { decide, factsOf, type NodeDecisions } from "./decide.js";
import { findDemands } from "./demands.js";
import { planEqualizations } from "./equalize.js";
import { Exemptions } from "./exemptions.js";
import { planBiases, planCorrections, planKeeps, planSplits } from "./extras.js";
import { type Grouping, groupValues } from "./group.js";
import { canBeKept } from "./keep-effect.js";
import { keptValues, reportKept } from "./kept-values.js";
import { reportLittle } from "./little.js";
import { Matched } from "./matched.js";
import { exemptMasks } from "./masks.js";
import { patternsFor } from "../match/matcher.js";
import { blockCounter } from "../match/role-pattern.js";
import type { NodeView } from "./node-view.js";
import { operandsOf } from "./operands.js";
import { planConstants } from "./plan-constants.js";
import { edgeKey, planWeights, WeightForms } from "./plan-weights.js";
import { exemptPositions } from "./positions.js";
import { activationsOf, type Readers, readersOf } from "./readers.js";
import { checkEffects } from "./rule-effects.js";
import { summarize } from "./summary.js";

export interface PlanOptions {
  readonly ops: OpRegistry;
  /** Names of values that are known to hold masks, besides those that the graph itself shows to. */
  readonly masked?: ReadonlySet<string>;
}

/**
 * Decides every node and value of a graph on types alone. Throws a VxError with all findings: a rule that matches nothing
 * (VX-RECIPE-NO-MATCH), a block size that does not fit (VX-QUANT-BLOCK-SIZE).
 */
export function planGraph(graph: Graph, recipe: Recipe, options: PlanOptions): Plan {
  const plans = planComponents([[graph.name, graph]], recipe, options);
  return plans.get(graph.name) as Plan;
}

/** {@link planGraph} for every component of a model; a rule must match something in some component. */
export function planModel(model: Model, recipe: Recipe, options: PlanOptions): ReadonlyMap<string, Plan> {
  return planComponents([...model.components], recipe, options);
}

function planComponents(
  components: readonly (readonly [string, Graph])[],
  recipe: Recipe,
  options: PlanOptions,
): ReadonlyMap<string, Plan> {
  const { ops } = options;
  const matched = new Matched();
  const findings: Diagnostic[] = [];
  const plans = new Map<string, Plan>();
  for (const [name, graph] of components) {
    const own: Diagnostic[] = [];
    const site = { graph, views: viewsOf(graph, recipe.rules, { ops, matched }), readers: readersOf(graph) };
    const report = (finding: Diagnostic): void => void own.push({ ...finding, where: { ...finding.where, component: name } });
    const plan = planViews(site, options, report);
    if (recipe.rules.some(({ weights }) => typeof weights === "object")) reportLittle(plan, site, report);
    findings.push(...own);
    plans.set(name, { ...plan, diagnostics: own.filter(({ severity }) => severity !== "error") });
  }
  const graphs = components.map(([, graph]) => graph);
  const effects = checkEffects(recipe.rules, matched, { graphs, ops: options.ops });
  const errors = [...effects, ...findings].filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new VxError(errors);
  const [first] = plans.keys();
  const head = first === undefined ? undefined : plans.get(first);
  if (first !== undefined && head) plans.set(first, { ...head, diagnostics: [...effects, ...head.diagnostics] });
  return plans;
}

function viewsOf(
  graph: Graph,
  rules: readonly RecipeRule[],
  { ops, matched }: { readonly ops: OpRegistry; readonly matched: Matched },
): ReadonlyMap<Node, NodeView> {
  const blocks = blockCounter(rolesOf(graph));
  const views = new Map<Node, NodeView>();
  for (const node of graph.nodes) {
    const operands = operandsOf(node, ops);
    const facts = factsOf(node, operands);
    const def = ops.get(node.op);
    const onMatch = (rule: RecipeRule, before: NodeDecisions): void => {
      const isProtected = canBeKept({ node, def, operands, decisions: before });
      matched.add(rule, { operands, isProtected, patterns: patternsFor(rule.matcher, facts, blocks) });
    };
    views.set(node, { node, def, operands, decisions: decide(facts, rules, blocks, onMatch) });
  }
  return views;
}

/** All roles of nodes and constants. */
function rolesOf(graph: Graph): readonly string[] {
  return [...graph.nodes, ...graph.constants].flatMap(({ role }) => role ?? []);
}

/** A graph with what the rules say of its nodes. */
interface PlanSite {
  readonly graph: Graph;
  readonly views: ReadonlyMap<Node, NodeView>;
  readonly readers: Readers;
}

function planViews(
  { graph, views, readers }: PlanSite,
  { ops, masked = new Set() }: PlanOptions,
  report: (finding: Diagnostic) => void,
): Omit<Plan, "diagnostics"> {
  const list = [...views.values()];
  const activations = activationsOf(graph);
  const forms = new WeightForms();
  const exemptions = new Exemptions();
  exemptQuantized(views, readers, exemptions);
  exemptMasks(graph, views, readers, exemptions);
  for (const value of activations) if (masked.has(value.name)) exemptions.keep(value, "mask", readers);
  exemptPositions(graph, views, readers, exemptions);
  const weights = planWeights(list, { forms, exemptions, report });
  const sites = biasSites(graph, views, weights, { readers, exemptions });
  const demands = findDemands(views, graph.inputs, { sites, readers, exemptions });
  const grouping = groupValues(views, activations, demands, readers);
  planConstants(list, { sites, exemptions, forms });
  const biases = planBiases(sites, grouping);
  const keeps = planKeeps(list);
  const splits = planSplits(list, weights, report);
  const biasCorrections = planCorrections(list, weights);
  const parts = { weights: forms.all, biases, keeps, groups: grouping.groups };
  const nodes = nodePlans(list, grouping, parts);
  const kept = keptValues(exemptions, demands.refused);
  reportKept(kept, report);
  return {
    graph,
    nodes,
    ...parts,
    splits,
    biasCorrections,
    equalizations: planEqualizations(graph, views, { nodes, splits, ops }),
    keptValues: kept,
    needsData: dataNeed({ groups: grouping.groups, biasCorrections, splits }) !== undefined,
    summary: summarize(graph, { nodes, ...parts }, readers),
  };
}

interface Parts {
  readonly weights: readonly WeightPlan[];
  readonly biases: readonly BiasPlan[];
  readonly keeps: readonly KeepPlan[];
  readonly groups: Plan["groups"];
}

function nodePlans(views: readonly NodeView[], grouping: Grouping, { weights, biases, keeps, groups }: Parts): ReadonlyMap<Node, NodePlan> {
  const constants = new Map<string, OperandPlan>();
  const put = (edges: readonly Edge[], operand: OperandPlan): void => {
    for (const { node, index } of edges) if (node) constants.set(edgeKey(node, index), operand);
  };
  for (const weight of weights) put(weight.edges, { kind: "weight", weight });
  for (const bias of biases) put([bias.edge], { kind: "bias", bias });
  for (const group of groups) for (const { edges } of group.constants) put(edges, { kind: "activation", group });
  const keepOf = new Map(keeps.map((keep) => [keep.node, keep]));
  const operandPlan = (node: Node, value: Value | null, index: number): OperandPlan => {
    const group = value && !value.data ? grouping.ofEdge(value, { node, index }) : undefined;
    return group ? { kind: "activation", group } : constants.get(edgeKey(node, index));
  };
  return new Map(
    views.map(({ node }) => {
      const keep = keepOf.get(node);
      return [
        node,
        {
          node,
          inputs: node.inputs.map((value, index) => operandPlan(node, value, index)),
          outputs: node.outputs.map((value) => (value ? grouping.ofValue.get(value) : undefined)),
          ...(keep && { keep }),
        },
      ];
    }),
  );
}
