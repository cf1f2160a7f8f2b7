import { VxError } from "@vlm-export/ir";
import type { Match, Words } from "@vlm-export/schemas";
import { type Place, recipePattern } from "../errors.js";
import type { Path, Positions } from "../yaml/positions.js";
import { type NamePattern, parseNamePattern } from "./name-pattern.js";
import { type BlockCount, parseRolePattern, type RolePattern } from "./role-pattern.js";

/** What a rule may ask about a node. */
export interface NodeFacts {
  readonly op: string;
  /** Of the node and of the constants that it multiplies with. */
  readonly roles: readonly string[];
  /** Of the node, its source nodes, its outputs and the constants that it multiplies with. */
  readonly names: readonly string[];
  readonly weighted: boolean;
}

/** The parsed `match:` of one rule; all stated words must hold. */
export interface Matcher {
  readonly roles?: readonly RolePattern[];
  readonly ops?: readonly string[];
  readonly names?: readonly NamePattern[];
  readonly layers?: { readonly from: number; readonly to: number };
  readonly weighted?: boolean;
  /** The rule's words as in the recipe. */
  readonly source: Match;
}

/** Parses the patterns. Throws a VxError with a VX-RECIPE-PATTERN for the first that does not parse or is a range without blocks. */
export function parseMatcher(source: Match, positions: Positions, path: Path): Matcher {
  const read = <T>(key: "role" | "name", parse: (text: string) => T): readonly T[] | undefined => {
    const words = source[key];
    return words === undefined ? undefined : listOf(words).map((text, i) => parsed(text, parse, positions, [...path, key, i]));
  };
  const roles = read("role", parseRolePattern);
  const names = read("name", parseNamePattern);
  return {
    ...(roles && { roles }),
    ...(names && { names }),
    ...(source.op !== undefined && { ops: listOf(source.op) }),
    ...(source.layers !== undefined && { layers: layersOf(source.layers, positions.of([...path, "layers"])) }),
    ...(source.weighted !== undefined && { weighted: source.weighted }),
    source,
  };
}

const REGEX_FORM = "Between / / stands RE2 syntax: no look-around and no back-references; other text may use *.";
const ROLE_FORM = "Segments between dots: text, *, **, {a,b}, {0..3}, or -1 for the last block.";

function parsed<T>(text: string, parse: (text: string) => T, positions: Positions, path: Path): T {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const message = `pattern ${JSON.stringify(shortened(text))}: ${shortened(cause.message)}.`;
    throw new VxError(recipePattern(positions.of(path), message, text.startsWith("/") ? REGEX_FORM : ROLE_FORM), { cause });
  }
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

/** One word or a list of words as a list. */
export function listOf(words: Words): readonly string[] {
  return typeof words === "string" ? [words] : words;
}

function layersOf(layers: number | string, place: Place): { readonly from: number; readonly to: number } {
  if (typeof layers === "number") return { from: layers, to: layers };
  const [from, to] = layers.split("..").map(Number) as [number, number | undefined];
  if (to !== undefined && endsEarly(from, to))
    throw new VxError(recipePattern(place, `layers ${layers}: the range ends before it begins.`, `Write ${to}..${from}.`));
  return { from, to: to ?? from };
}

/** Of a range with one end counted from the first block and one from the last, the model decides. */
function endsEarly(from: number, to: number): boolean {
  return from < 0 === to < 0 && to < from;
}

/** True when every stated word holds for the node. */
export function matchesNode(matcher: Matcher, node: NodeFacts, blocks: BlockCount): boolean {
  const { roles, ops, names, layers, weighted } = matcher;
  if (ops && !ops.some((op) => op === "*" || op === node.op)) return false;
  if (weighted !== undefined && weighted !== node.weighted) return false;
  if (roles && !node.roles.some((role) => roles.some((pattern) => pattern.matches(role, blocks)))) return false;
  if (names && !node.names.some((name) => names.some((pattern) => pattern.matches(name)))) return false;
  return !layers || node.roles.some((role) => inLayers(role, layers, blocks));
}

/** Of the role patterns of a rule those that hold for the node. */
export function patternsFor({ roles = [] }: Matcher, node: NodeFacts, blocks: BlockCount): readonly RolePattern[] {
  return roles.filter((pattern) => node.roles.some((role) => pattern.matches(role, blocks)));
}

/** The first number in a role is its block. */
function inLayers(role: string, layers: { readonly from: number; readonly to: number }, blocks: BlockCount): boolean {
  const parts = role.split(".");
  const at = parts.findIndex((part) => /^\d+$/.test(part));
  if (at < 0) return false;
  const count = blocks(parts.slice(0, at).join("."));
  const absolute = (index: number): number => (index < 0 ? index + count : index);
  return Number(parts[at]) >= absolute(layers.from) && Number(parts[at]) <= absolute(layers.to);
}
