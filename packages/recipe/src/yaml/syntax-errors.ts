import type { Diagnostic } from "@vlm-export/ir";
import type { YAMLError } from "yaml";
import { type Place, recipeYaml } from "../errors.js";

const KEY_FORM = "Write `key: value`, with a space behind the colon.";
const OPEN_QUOTE = { message: "a quote is not closed", hint: "Close it; a quote inside single quotes is written twice." };

/** What is wrong and what to do, where the parser's own words say less; keyed by its error codes. */
const TEXTS: Partial<Readonly<Record<YAMLError["code"], readonly [message: string | undefined, hint: string]>>> = {
  ALIAS_PROPS: [undefined, "Write the value out instead of the alias."],
  BAD_ALIAS: ["a value begins with a lone * or &", 'Text that begins with * or & needs quotes: "*".'],
  BAD_DQ_ESCAPE: [undefined, "In double quotes \\ begins an escape; use single quotes, which keep it: '/layers\\.3/'."],
  BAD_INDENT: [undefined, "Keys of one mapping, and entries of one list, start in the same column; close every [ and {."],
  BAD_SCALAR_START: [undefined, "Put the value in quotes."],
  BLOCK_AS_IMPLICIT_KEY: ["a value holds a colon and a space", "Put the value in quotes, or write its keys on lines of their own."],
  BLOCK_IN_FLOW: [
    "a value in [ ] or { } holds a colon and a space",
    "Put a comma between entries, and quotes around a value that holds a colon.",
  ],
  KEY_OVER_1024_CHARS: [undefined, "Put a space behind the colon of the key, or quotes around a long value."],
  MULTILINE_IMPLICIT_KEY: ["the line is neither `key: value` nor the end of a value", KEY_FORM],
  NON_STRING_KEY: ["a key is a list, a mapping or a number", "Keys are words; put a key that looks like something else in quotes."],
  UNEXPECTED_TOKEN: [undefined, "Look for a missing quote, comma or bracket here or in the line before."],
};

/** By message, where one code stands for many things. */
const BY_MESSAGE: readonly (readonly [RegExp, message: string, hint: string])[] = [
  [/closing ["']/, OPEN_QUOTE.message, OPEN_QUOTE.hint],
  [
    /without - indicator/,
    "an entry of a list begins without `- `",
    "Indent the line like the keys of the entry above, or begin it with `- `.",
  ],
  [/followed by map values/, "a key has no colon behind it", KEY_FORM],
  [/Missing space after :/, "a colon has no space behind it", KEY_FORM],
  [
    /Missing , /,
    "entries in [ ] or { } stand without a comma between them",
    "Put a comma between them, or quotes around text with spaces.",
  ],
  [/end with a [\]}]/, "a [ or { is not closed before this place", "Close it, and indent the lines inside it."],
];

/** The parser's error in words that say what to do. */
export function syntaxFinding({ code, message }: YAMLError, place: Place): Diagnostic {
  const known = BY_MESSAGE.find(([pattern]) => pattern.test(message));
  const [text, hint] = known ? [known[1], known[2]] : (TEXTS[code] ?? []);
  return recipeYaml(place, `${text ?? message}.`, hint ?? "Compare the line with what `vlm-export recipe init MODEL` prints.");
}

/** A quote without its other half: told where it begins, not where the text ends. */
export function openQuoteFinding(place: Place): Diagnostic {
  return recipeYaml(place, `${OPEN_QUOTE.message}.`, OPEN_QUOTE.hint);
}

/** Where a key begins that stands deeper than the one above it, whose value it then continues; undefined for other errors. */
export function deeperLine({ code, pos: [start, end] }: YAMLError, text: string): number | undefined {
  if (code !== "MULTILINE_IMPLICIT_KEY") return undefined;
  const before = text.slice(text.lastIndexOf("\n", start) + 1, start);
  const lastLine = text.lastIndexOf("\n", end - 1) + 1;
  if (lastLine <= start || !/:[ \t]+$/.test(before)) return undefined;
  return lastLine + (/^\s*/.exec(text.slice(lastLine, end))?.[0].length ?? 0);
}

/** A key in a column of its own. */
export function deeperFinding(place: Place): Diagnostic {
  return recipeYaml(
    place,
    "the key stands deeper than the one above it, which has a value already.",
    "Start keys of one mapping in the same column.",
  );
}
