import {
  type Diagnostic,
  type Graph,
  type GraphPlace,
  type GraphTree,
  graphTree,
  type Model,
  type Node,
  type OpRegistry,
  type Value,
  VxError,
} from "@vlm-export/ir";
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
import { type BlockCount, blockCounter } from "../match/role-pattern.js";
import { type NestedViews, planNested } from "./nested.js";
import type { NodeView } from "./node-view.js";
import { operandsOf } from "./operands.js";
import { planConstants } from "./plan-constants.js";
import type { Concerns, Standing } from "./standing.js";
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
    const site = siteOf(graph, recipe.rules, { ops, matched });
    const report = (finding: Diagnostic): void => void own.push({ ...finding, where: { ...finding.where, component: name } });
    const plan = planViews(site, options, report);
    noteExecuted(plan, site.views, matched.standing);
    if (recipe.rules.some(({ weights }) => typeof weights === "object"))
      reportLittle(plan, { tree: site.tree, views: allViews(site) }, report);
    findings.push(...own);
    plans.set(name, { ...plan, diagnostics: own.filter(({ severity }) => severity !== "error") });
  }
  const graphs = components.flatMap(([, graph]) => graphTree(graph).places.map((place) => place.graph));
  const effects = checkEffects(recipe.rules, matched, { graphs, ops: options.ops });
  const errors = [...effects, ...findings].filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new VxError(errors);
  const [first] = plans.keys();
  const head = first === undefined ? undefined : plans.get(first);
  if (first !== undefined && head) plans.set(first, { ...head, diagnostics: [...effects, ...head.diagnostics] });
  return plans;
}

interface RuleSite {
  readonly ops: OpRegistry;
  readonly matched: Matched;
}

function siteOf(graph: Graph, rules: readonly RecipeRule[], { ops, matched }: RuleSite): PlanSite {
  const tree = graphTree(graph);
  const blocks = blockCounter(tree.places.flatMap((place) => rolesOf(place.graph)));
  const all = tree.places.map((place): NestedViews => ({ place, views: viewsOf(place, rules, { ops, matched, tree, blocks }) }));
  const [main, ...nested] = all;
  return { graph, tree, views: main?.views ?? new Map(), nested, readers: readersOf(graph) };
}

function viewsOf(
  place: GraphPlace,
  rules: readonly RecipeRule[],
  { ops, matched, tree, blocks }: RuleSite & { readonly tree: GraphTree; readonly blocks: BlockCount },
): ReadonlyMap<Node, NodeView> {
  const views = new Map<Node, NodeView>();
  for (const node of place.graph.nodes) {
    const operands = operandsOf(node, ops, tree);
    const facts = factsOf(node, operands, place.path);
    const def = ops.get(node.op);
    const weights = operands.filter(({ kind }) => kind === "weight");
    const planned = place.holder ? weights : operands;
    const protecting = new Set<RecipeRule>();
    const concerns: Concerns = (rule, kind) =>
      kind === "keep"
        ? protecting.has(rule)
        : planned.some((operand) => operand.kind === (kind === "activations" ? "activation" : "weight"));
    const onMatch = (rule: RecipeRule, before: NodeDecisions, after: NodeDecisions): void => {
      const isProtected = place.holder ? weights.length > 0 : canBeKept({ node, def, operands, decisions: before });
      if (isProtected) protecting.add(rule);
      matched.add(rule, { operands: planned, isProtected, patterns: patternsFor(rule.matcher, facts, blocks) });
      matched.standing.overrule(rule, { before, after }, concerns);
    };
    const decisions = decide(facts, rules, blocks, onMatch);
    matched.standing.settle(decisions, concerns);
    views.set(node, { node, def, operands, decisions });
  }
  return views;
}

/** Tells which rules the bias corrections and equalizations of the plan come from. */
function noteExecuted(
  { graph, biasCorrections, equalizations }: Pick<Plan, "graph" | "biasCorrections" | "equalizations">,
  views: ReadonlyMap<Node, NodeView>,
  standing: Standing,
): void {
  const note = (kind: "biasCorrection" | "equalize", nodes: readonly Node[]): void => {
    for (const node of nodes) {
      const rule = views.get(node)?.decisions[kind]?.rule;
      if (rule) standing.execute(rule, kind);
    }
  };
  note(
    "biasCorrection",
    biasCorrections.map(({ node }) => node),
  );
  note(
    "equalize",
    equalizations.flatMap(({ output }) => [...graph.users(output)]),
  );
}

function allViews({ views, nested }: PlanSite): ReadonlyMap<Node, NodeView> {
  return new Map([...views, ...nested.flatMap(({ views: inside }) => [...inside])]);
}

/** All roles of nodes and constants. */
function rolesOf(graph: Graph): readonly string[] {
  return [...graph.nodes, ...graph.constants].flatMap(({ role }) => role ?? []);
}

/** A graph with what the rules say of its nodes. */
interface PlanSite {
  readonly graph: Graph;
  readonly tree: GraphTree;
  readonly views: ReadonlyMap<Node, NodeView>;
  readonly nested: readonly NestedViews[];
  readonly readers: Readers;
}

function planViews(
  { graph, tree, views, nested, readers }: PlanSite,
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
  exemptPositions({ graph, tree }, views, readers, exemptions);
  const weights = planWeights(list, { forms, exemptions, report });
  const splits = planSplits(list, weights, report);
  const split = new Set(splits.map(({ node }) => node));
  const sites = biasSites(graph, views, weights, { readers, exemptions, split });
  const demands = findDemands(views, graph.inputs, { sites, readers, exemptions, split });
  const grouping = groupValues(views, activations, demands, readers);
  planConstants(list, { sites, exemptions, forms });
  const biases = planBiases(sites, grouping);
  const inside = planNested(nested, { tree, forms, report });
  const keeps = [...planKeeps(list), ...inside.keeps];
  const biasCorrections = planCorrections(list, weights);
  const parts = { weights: forms.all, biases, keeps, groups: grouping.groups };
  const nodes = new Map([...nodePlans(list, grouping, parts), ...inside.nodes]);
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
    summary: summarize(tree, { nodes, ...parts }),
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
    for (const { node, index, within } of edges) if (node && !within) constants.set(edgeKey(node, index), operand);
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
