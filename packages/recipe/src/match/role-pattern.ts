import { globMatches } from "./glob.js";

const MAX_ALTERNATIVES = 1000;

/** How many blocks stand behind a role prefix such as `vision.block`; 0 when none. */
export type BlockCount = (prefix: string) => number;

/** Inclusive range of indices; negative ones count from the last. */
interface IndexRange {
  readonly from: number;
  readonly to: number;
}
type Alternative = string | IndexRange;
/** One segment of the pattern; `**` is `undefined`. */
type Segment = readonly Alternative[] | undefined;

/** A parsed role pattern. */
export interface RolePattern {
  readonly text: string;
  matches(role: string, blocks: BlockCount): boolean;
}

/**
 * Parses `vision.block.{0..3}.{attn,mlp}.*`: `*` any text in one segment, `**` any number of segments, `{a,b}` alternatives,
 * `{0..3}` ranges, `-1` the last block. Throws SyntaxError with the reason.
 */
export function parseRolePattern(text: string): RolePattern {
  const segments = splitOutsideBraces(text, ".").map(parseSegment);
  return {
    text,
    matches(role, blocks) {
      const parts = role.split(".");
      // reach[i]: the pattern so far can end just before part i.
      let reach = parts.map((_, i) => i === 0).concat(parts.length === 0);
      for (const segment of segments) {
        reach = segment ? stepOne(segment, parts, reach, blocks) : reach.map((_, i) => reach.slice(0, i + 1).includes(true));
      }
      return reach[parts.length] === true;
    },
  };
}

function stepOne(segment: readonly Alternative[], parts: readonly string[], reach: readonly boolean[], blocks: BlockCount): boolean[] {
  const next = reach.map(() => false);
  parts.forEach((part, i) => {
    if (reach[i] && segment.some((alternative) => fits(alternative, part, () => blocks(parts.slice(0, i).join("."))))) next[i + 1] = true;
  });
  return next;
}

function fits(alternative: Alternative, part: string, count: () => number): boolean {
  if (typeof alternative === "string") return globMatches(alternative, part);
  if (!/^\d+$/.test(part)) return false;
  const absolute = (index: number): number => (index < 0 ? index + count() : index);
  return Number(part) >= absolute(alternative.from) && Number(part) <= absolute(alternative.to);
}

function parseSegment(text: string): Segment {
  if (text === "**") return undefined;
  if (text === "") throw new SyntaxError("a segment is empty");
  if (text.includes("**")) throw new SyntaxError('"**" must stand alone between dots');
  const whole = indexRange(text);
  if (whole) return [whole];
  const inner = /^\{([^{}]*)\}$/.exec(text)?.[1];
  if (inner !== undefined) return inner.split(",").map(alternativeOf);
  return expand(text);
}

function alternativeOf(text: string): Alternative {
  const range = indexRange(text.trim());
  if (range) return range;
  if (text.trim() === "") throw new SyntaxError("an alternative in {…} is empty");
  return text.trim();
}

/** `3`, `-1`, `0..3` or `{0..3}`. */
function indexRange(text: string): IndexRange | undefined {
  const match = /^\{?(-?\d{1,9})(?:\.\.(-?\d{1,9}))?\}?$/.exec(text);
  if (!match) return undefined;
  const from = Number(match[1]);
  const to = match[2] === undefined ? from : Number(match[2]);
  if (from > to && from < 0 === to < 0) throw new SyntaxError(`the range ${from}..${to} is empty`);
  return { from, to };
}

/** Alternatives inside a word, such as `{q,k,v}_proj` or `fc{1..2}`. */
function expand(text: string): readonly string[] {
  const match = /^([^{}]*)\{([^{}]*)\}(.*)$/.exec(text);
  if (!match) {
    if (/[{}]/.test(text)) throw new SyntaxError("braces do not pair up");
    return [text];
  }
  const [, before = "", inner = "", after = ""] = match;
  const words = inner.split(",").flatMap((item) => numbersOf(indexRange(item.trim()), item.trim()));
  const tails = expand(after);
  if (words.length * tails.length > MAX_ALTERNATIVES) throw new SyntaxError(`more than ${MAX_ALTERNATIVES} alternatives`);
  return words.flatMap((word) => tails.map((tail) => before + word + tail));
}

function numbersOf(range: IndexRange | undefined, text: string): readonly string[] {
  if (!range) return [text];
  if (range.from < 0) throw new SyntaxError("negative indices must be a segment of their own");
  if (range.to - range.from >= MAX_ALTERNATIVES) throw new SyntaxError(`more than ${MAX_ALTERNATIVES} alternatives`);
  return Array.from({ length: range.to - range.from + 1 }, (_, i) => String(range.from + i));
}

function splitOutsideBraces(text: string, separator: string): readonly string[] {
  const parts = [""];
  let depth = 0;
  for (const char of text) {
    if (char === "{") depth += 1;
    if (char === "}") depth -= 1;
    if (depth < 0 || depth > 1) throw new SyntaxError(depth < 0 ? "braces do not pair up" : "braces inside braces");
    if (char === separator && depth === 0) parts.push("");
    else parts[parts.length - 1] += char;
  }
  if (depth !== 0) throw new SyntaxError("braces do not pair up");
  return parts;
}

/** Blocks by prefix, such as `vision.block`, over all roles of a model. */
export function blockCounts(roles: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const role of roles) {
    const parts = role.split(".");
    parts.forEach((part, i) => {
      if (!/^\d{1,9}$/.test(part)) return;
      const prefix = parts.slice(0, i).join(".");
      counts.set(prefix, Math.max(counts.get(prefix) ?? 0, Number(part) + 1));
    });
  }
  return counts;
}

/** {@link blockCounts}, 0 for prefixes without blocks. */
export function blockCounter(roles: Iterable<string>): BlockCount {
  const counts = blockCounts(roles);
  return (prefix) => counts.get(prefix) ?? 0;
}
