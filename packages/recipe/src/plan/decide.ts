import type { Node } from "@vlm-export/ir";
import { matchesNode, type NodeFacts } from "../match/matcher.js";
import type { BlockCount } from "../match/role-pattern.js";
import type { ActivationSettings, RecipeRule, WeightSettings } from "../recipe-types.js";
import type { Operand } from "./operands.js";

/** A setting with the rule that it came from. */
export interface Decided<T> {
  readonly value: T;
  readonly rule: RecipeRule;
}

/** What the rules say about one node: of each kind the last match. */
export interface NodeDecisions {
  readonly weights?: Decided<WeightSettings>;
  readonly activations?: Decided<ActivationSettings>;
  readonly keep?: Decided<"float" | "f16">;
  readonly split?: Decided<{ readonly sigma: number }>;
  readonly biasCorrection?: Decided<true>;
  readonly equalize?: Decided<true>;
}

/** Kinds of decisions, each by the last rule that matches. */
export type DecisionKind = keyof NodeDecisions;
export const DECISIONS: readonly DecisionKind[] = ["weights", "activations", "keep", "split", "biasCorrection", "equalize"];

/** Applies the rules in order; `onMatch` hears of each that matches, and of what is decided before and after it. `keep` undoes what came before it and is undone by what comes after. */
export function decide(
  facts: NodeFacts,
  rules: readonly RecipeRule[],
  blocks: BlockCount,
  onMatch: (rule: RecipeRule, before: NodeDecisions, after: NodeDecisions) => void,
): NodeDecisions {
  let decisions: NodeDecisions = {};
  for (const rule of rules) {
    if (!matchesNode(rule.matcher, facts, blocks)) continue;
    const before = decisions;
    decisions = apply(before, rule);
    onMatch(rule, before, decisions);
  }
  return decisions;
}

function apply(before: NodeDecisions, rule: RecipeRule): NodeDecisions {
  if (rule.keep) return { keep: { value: rule.keep, rule } };
  const { keep: _keep, ...rest } = before;
  const next: NodeDecisions = rule.weights || rule.activations || rule.split ? rest : { ...before };
  override(next, rule, "weights", "float");
  override(next, rule, "activations", "float");
  override(next, rule, "biasCorrection", false);
  override(next, rule, "equalize", false);
  return rule.split ? { ...next, split: { value: rule.split, rule } } : next;
}

/** What the rule says of `kind`; the word `off` takes back what was decided. */
function override(
  decisions: NodeDecisions,
  rule: RecipeRule,
  kind: "weights" | "activations" | "biasCorrection" | "equalize",
  off: "float" | false,
): void {
  const value = rule[kind];
  if (value !== undefined) Object.assign(decisions, { [kind]: value === off ? undefined : { value, rule } });
}

/** What the patterns of a rule are held against. A node inside an operator goes by its own name and by that after the path of its graph. */
export function factsOf(node: Node, operands: readonly Operand[], path: string): NodeFacts {
  const weights = operands.filter((operand) => operand.kind === "weight");
  const roles = [node.role, ...weights.map(({ value }) => value.role)];
  const outputs = node.outputs.flatMap((value) => value?.name ?? []);
  return {
    op: node.op,
    roles: roles.filter((role) => role !== undefined),
    names: [
      ...new Set([node.name, path + node.name, ...node.origin, ...outputs, ...weights.flatMap(({ value, name }) => [value.name, name])]),
    ],
    weighted: weights.length > 0,
  };
}
