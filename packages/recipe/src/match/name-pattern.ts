import { createRequire } from "node:module";
import type { RE2JS } from "re2js";
import { globMatches } from "./glob.js";

/** A parsed name pattern. */
export interface NamePattern {
  readonly text: string;
  matches(name: string): boolean;
}

/** `/…/` is a regular expression, found anywhere in the name by an engine of linear time (RE2 syntax); else `*` is any text. Throws SyntaxError. */
export function parseNamePattern(text: string): NamePattern {
  if (text.length < 3 || !text.startsWith("/") || !text.endsWith("/")) return { text, matches: (name) => globMatches(text, name) };
  const expression = compile(text.slice(1, -1));
  return { text, matches: (name) => expression.matcher(name).find() };
}

/** The first regular expression loads the engine; most recipes have none. */
function compile(source: string): RE2JS {
  const engine = createRequire(import.meta.url)("re2js") as typeof import("re2js");
  try {
    return engine.RE2JS.compile(source);
  } catch (cause) {
    throw new SyntaxError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
