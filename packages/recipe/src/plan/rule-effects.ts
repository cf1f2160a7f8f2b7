import type { Diagnostic, Graph, OpRegistry } from "@vlm-export/ir";
import { placeOf, recipeNoEffect, recipeNoMatch } from "../errors.js";
import { listOf, type Matcher } from "../match/matcher.js";
import { blockCounter, blockCounts, parseRolePattern, type RolePattern } from "../match/role-pattern.js";
import type { RecipeRule } from "../recipe-types.js";
import { nearest } from "../suggest.js";
import { idleParts } from "./idle-parts.js";
import type { Matched } from "./matched.js";

/** What rules are held against. */
export interface Known {
  readonly graphs: readonly Graph[];
  readonly ops: OpRegistry;
}

/** An error for each rule that matches nothing and a warning for each that changes nothing or misspells a word; rules of presets are exempt. */
export function checkEffects(rules: readonly RecipeRule[], matched: Matched, known: Known): readonly Diagnostic[] {
  return rules
    .filter(({ fromPreset }) => !fromPreset)
    .flatMap((rule) => [...[effectOf(rule, matched, known.graphs) ?? []].flat(), ...(matched.has(rule) ? misspelt(rule, known) : [])]);
}

/**
 * Words of a list that match nothing, where the rest of it does: of ops those that no model has, of roles those whose first segment is nearly one of the model. A list that
 * serves several models stays quiet.
 */
function misspelt({ matcher, decidedBy }: RecipeRule, { graphs, ops }: Known): readonly Diagnostic[] {
  const opsHere = new Set(graphs.flatMap(({ nodes }) => nodes.map(({ op }) => op)));
  const tops = [...new Set(rolesOf(graphs).map(firstSegment))];
  const strayOps = (matcher.ops ?? []).filter((op) => op !== "*" && !opsHere.has(op) && !ops.get(op));
  const strayRoles = (matcher.roles ?? []).filter(({ text }) => /^\w+$/.test(firstSegment(text)) && !tops.includes(firstSegment(text)));
  const words = [
    ...strayOps.map((word) => ["op", word, nearHint([word], [...opsHere])] as const),
    ...strayRoles.map(({ text }) => ["role", text, nearHint([firstSegment(text)], tops)] as const),
  ];
  return words.flatMap(([key, word, hint]) =>
    hint === undefined
      ? []
      : [recipeNoEffect(placeOf(decidedBy), `${key} ${JSON.stringify(word)} of the rule ${textOf(matcher)} matches nothing.`, hint)],
  );
}

function effectOf(rule: RecipeRule, matched: Matched, graphs: readonly Graph[]): Diagnostic | undefined {
  const place = placeOf(rule.decidedBy);
  if (!matched.has(rule)) return recipeNoMatch(place, textOf(rule.matcher), suggestion(rule.matcher, graphs));
  const keep = rule.keep && keepEffect(rule, matched, graphs);
  if (keep) return keep;
  const { reasons, isWhole, isOverruled } = idleParts(rule, matched);
  if (reasons.length === 0) return undefined;
  const message = `${isWhole ? "" : "part of "}the rule ${textOf(rule.matcher)} has no effect (${reasons.join("; ")}).`;
  return recipeNoEffect(place, message, isOverruled ? "The last match wins: put it behind the others, or remove it." : undefined);
}

const NOTHING_KEPT =
  "keeps nothing from becoming integers: the nodes that it matches have no weights, and only move elements or are not quantized.";

/** A warning where a rule that keeps nodes matches only those that never become integers, or one of its roles does and leaves out what is below. */
function keepEffect(rule: RecipeRule, matched: Matched, graphs: readonly Graph[]): Diagnostic | undefined {
  const place = placeOf(rule.decidedBy);
  const left = leftBelow(rule.matcher, matched.idlePatterns(rule), graphs);
  const hint =
    left && `A pattern stands for whole roles: write "${left.pattern}.**" to match what is below it too (${shortList(left.roles)}).`;
  if (!matched.protects(rule)) return recipeNoEffect(place, `the rule ${textOf(rule.matcher)} ${NOTHING_KEPT}`, hint);
  return left && recipeNoEffect(place, `role ${JSON.stringify(left.pattern)} of the rule ${textOf(rule.matcher)} ${NOTHING_KEPT}`, hint);
}

/** The first of the patterns below whose roles others lie that no pattern of the rule matches. */
function leftBelow(
  { roles: all = [] }: Matcher,
  patterns: readonly RolePattern[],
  graphs: readonly Graph[],
): { readonly pattern: string; readonly roles: readonly string[] } | undefined {
  const roles = [...new Set(graphs.flatMap(({ nodes }) => nodes.flatMap(({ role }) => role ?? [])))].sort();
  const blocks = blockCounter(roles);
  for (const { text } of patterns) {
    const whole = parseRolePattern(`${text}.**`);
    const left = roles.filter((role) => whole.matches(role, blocks) && !all.some((pattern) => pattern.matches(role, blocks)));
    if (left.length > 0) return { pattern: text, roles: left };
  }
  return undefined;
}

function firstSegment(role: string): string {
  return role.split(".", 1).join();
}

function rolesOf(graphs: readonly Graph[]): readonly string[] {
  return [...new Set(graphs.flatMap(({ nodes, constants }) => [...nodes, ...constants].flatMap(({ role }) => role ?? [])))].sort();
}

/** `{ op: MatMul, role: vision.** }`. */
function textOf({ source }: Matcher): string {
  const words = Object.entries(source).map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return `{ ${words.join(", ")} }`;
}

function suggestion({ source }: Matcher, graphs: readonly Graph[]): string {
  const nodes = graphs.flatMap((graph) => graph.nodes);
  const ops = [...new Set(nodes.map(({ op }) => op))].sort();
  const roles = rolesOf(graphs);
  const hints: string[] = [];
  if (source.op) hints.push(nearHint(listOf(source.op), ops) ?? `Ops of the model once constants are folded: ${shortList(ops)}.`);
  if (source.role) hints.push(nearHint(listOf(source.role), rolePrefixes(roles)) ?? `Roles of the model: ${shortList(topRoles(roles))}.`);
  if (source.name) hints.push(nearHint(listOf(source.name), namesOf(graphs)) ?? "Names are those of nodes, weights and outputs.");
  if (source.layers !== undefined) hints.push(blocksHint(roles));
  hints.push(`\`vlm-export inspect MODEL\` lists roles and ops${source.name ? ", and with --ir names" : ""}.`);
  return hints.join(" ");
}

/** `Blocks of the model: vision.block.{0..11}.` */
function blocksHint(roles: readonly string[]): string {
  const blocks = [...blockCounts(roles)].map(([prefix, count]) => `${prefix}.{0..${count - 1}}`);
  return blocks.length > 0 ? `Blocks of the model: ${shortList(blocks)}.` : "The model has no roles with numbered blocks.";
}

function namesOf(graphs: readonly Graph[]): readonly string[] {
  const names = graphs.flatMap(({ nodes, constants }) => [
    ...nodes.flatMap(({ name, outputs }) => [name, ...outputs.flatMap((output) => output?.name ?? [])]),
    ...constants.map(({ name }) => name),
  ]);
  return [...new Set(names)].slice(0, 40_000);
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
