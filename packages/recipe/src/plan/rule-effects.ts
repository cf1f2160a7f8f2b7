import type { Diagnostic, Graph, Node } from "@vlm-export/ir";
import { recipeNoEffect, recipeNoMatch } from "../errors.js";
import { listOf, type Matcher } from "../match/matcher.js";
import type { RecipeRule } from "../recipe-types.js";
import { nearest } from "../suggest.js";
import type { Operand } from "./operands.js";

/** Which rules matched a node, a weight, an activation. */
export class Matched {
  private readonly nodes = new Set<RecipeRule>();
  private readonly kinds = new Map<RecipeRule, Set<Operand["kind"]>>();

  add(rule: RecipeRule, _node: Node, operands: readonly Operand[]): void {
    this.nodes.add(rule);
    let kinds = this.kinds.get(rule);
    if (!kinds) this.kinds.set(rule, (kinds = new Set()));
    for (const { kind } of operands) kinds.add(kind);
  }

  has(rule: RecipeRule): boolean {
    return this.nodes.has(rule);
  }

  reaches(rule: RecipeRule, kind: Operand["kind"]): boolean {
    return this.kinds.get(rule)?.has(kind) ?? false;
  }
}

/** An error for each rule that matches nothing and a warning for each that changes nothing; rules of presets are exempt. */
export function checkEffects(rules: readonly RecipeRule[], matched: Matched, graphs: readonly Graph[]): readonly Diagnostic[] {
  return rules.filter(({ fromPreset }) => !fromPreset).flatMap((rule) => effectOf(rule, matched, graphs) ?? []);
}

function effectOf(rule: RecipeRule, matched: Matched, graphs: readonly Graph[]): Diagnostic | undefined {
  const { file, line, column } = rule.decidedBy;
  const place = { file, line, column };
  if (!matched.has(rule)) return recipeNoMatch(place, textOf(rule.matcher), suggestion(rule.matcher, graphs));
  const idle: string[] = [];
  if (typeof rule.weights === "object" && !matched.reaches(rule, "weight"))
    idle.push("weights: no matched node multiplies with a constant");
  if (typeof rule.activations === "object" && !matched.reaches(rule, "activation"))
    idle.push("activations: no matched node has an input that can be integers");
  return idle.length > 0 ? recipeNoEffect(place, `the rule ${textOf(rule.matcher)} has no effect (${idle.join("; ")}).`) : undefined;
}

/** `{ op: MatMul, role: vision.** }`. */
function textOf({ source }: Matcher): string {
  const words = Object.entries(source).map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return `{ ${words.join(", ")} }`;
}

function suggestion({ source }: Matcher, graphs: readonly Graph[]): string {
  const nodes = graphs.flatMap((graph) => graph.nodes);
  const ops = [...new Set(nodes.map(({ op }) => op))].sort();
  const roles = [...new Set([...nodes, ...graphs.flatMap((graph) => graph.constants)].flatMap(({ role }) => role ?? []))].sort();
  const hints: string[] = [];
  if (source.op) hints.push(nearHint(listOf(source.op), ops) ?? `Ops of the model: ${shortList(ops)}.`);
  if (source.role) hints.push(nearHint(listOf(source.role), rolePrefixes(roles)) ?? `Roles of the model: ${shortList(topRoles(roles))}.`);
  if (source.name)
    hints.push(
      nearHint(
        listOf(source.name),
        nodes.slice(0, 20_000).map(({ name }) => name),
      ) ?? "Names are those of nodes, weights and outputs.",
    );
  hints.push("`vlm-export inspect MODEL` lists roles, ops and names.");
  return hints.join(" ");
}

function nearHint(words: readonly string[], known: readonly string[]): string | undefined {
  const near = words.map((word) => nearest(word, known)).find((word) => word !== undefined && !words.includes(word));
  return near === undefined ? undefined : `Did you mean ${JSON.stringify(near)}?`;
}

/** Roles, and their beginnings followed by `**`. */
function rolePrefixes(roles: readonly string[]): readonly string[] {
  const prefixes = roles.flatMap((role) => {
    const parts = role.split(".");
    return parts.map((_, i) => `${parts.slice(0, i + 1).join(".")}.**`);
  });
  return [...new Set([...prefixes, ...roles])];
}

function topRoles(roles: readonly string[]): readonly string[] {
  const tops = [...new Set(roles.map((role) => `${role.split(".")[0]}.**`))];
  return tops.length > 0 ? tops : ["none"];
}

function shortList(words: readonly string[]): string {
  return words.length > 20 ? `${words.slice(0, 20).join(", ")} and ${words.length - 20} more` : words.join(", ");
}
