import { type JsonSchema, type Problem, recipeSchema, resolved } from "@vlm-export/schemas";
import { formsOf, wanted, wordsOf } from "./problem-text.js";
import { didYouMean, nearest } from "./suggest.js";

/** What to do about a value that the schema does not allow: the line to write where it can be told, else what the value is for. */
export function adviceOn(problem: Problem): string {
  const { word, purpose } = problem;
  if (problem.path.length === 0 && word === "type") return "A recipe begins with `version: 1`; `vlm-export recipe init MODEL` prints one.";
  if (word === "required") return missingKey(problem);
  if (word === "minProperties") return `Keys: ${Object.keys(problem.schema.properties ?? {}).join(", ")}.`;
  const repair = ["anyOf", "const", "enum", "type", "minLength"].includes(word) ? repairOf(problem) : undefined;
  if (repair !== undefined) return repair;
  return purpose === undefined ? "Change it, or leave the key out for the default." : sentence(purpose);
}

function missingKey({ key = "", schema }: Problem): string {
  const wantedSchema = schema.properties?.[key];
  const form = wantedSchema && resolved(wantedSchema, recipeSchema);
  const words = form ? wordsOf(form) : [];
  if (words.length === 1) return `Add \`${key}: ${words[0]}\`.`;
  return `Add ${key}${form ? `, ${wanted(form)}` : ""}.`;
}

/** The value that was likely meant, written as YAML wants it. */
function repairOf({ data, schema, path }: Problem): string | undefined {
  if (data === null) return "Write a value behind the colon, or remove the key.";
  const forms = formsOf(schema);
  const takes = (type: string): boolean => forms.some((form) => form.type === type);
  if (typeof data === "string") return repairOfText(data, forms);
  if (typeof data !== "object" && forms.some((form) => takesText(form, String(data)))) return `Write it in quotes: "${String(data)}".`;
  const split = takes("string") ? wordsOfSplit(data) : undefined;
  if (split !== undefined) return `Write ${split}, without a space behind the colon.`;
  if (takes("array") && typeof data === "object") return "Begin each entry with `- `.";
  if (takes("object") && Array.isArray(data)) return `Write keys and values below ${lastKey(path)}, without \`- \`.`;
  return undefined;
}

function takesText({ type, pattern }: JsonSchema, text: string): boolean {
  return type === "string" && (pattern === undefined || new RegExp(pattern, "u").test(text));
}

/** A text with a colon and a space, which YAML reads as a mapping of one key. */
function wordsOfSplit(data: unknown): string | undefined {
  const entries = typeof data === "object" && data !== null && !Array.isArray(data) ? Object.entries(data) : [];
  const [[key, value] = []] = entries;
  return entries.length === 1 && typeof value === "string" ? `${key}:${value}` : undefined;
}

const TRUE = /^(?:y|yes|on|true)$/i;
const FALSE = /^(?:n|no|off|false)$/i;

function repairOfText(text: string, forms: readonly JsonSchema[]): string | undefined {
  return unquoted(text, forms) ?? asMapping(text, forms) ?? (text === "" ? "Write a value, or remove the key." : nearWord(text, forms));
}

/** Text where YAML 1.2 wants true, false or a number. */
function unquoted(text: string, forms: readonly JsonSchema[]): string | undefined {
  const types = forms.map(({ type }) => type);
  if (types.includes("boolean") && (TRUE.test(text) || FALSE.test(text))) return `Write ${TRUE.test(text)}.`;
  const isNumber = (types.includes("integer") || types.includes("number")) && text.trim() !== "" && Number.isFinite(Number(text));
  return isNumber ? `Write ${Number(text)} without quotes.` : undefined;
}

/** Text where a mapping stands, or the word float. */
function asMapping(text: string, forms: readonly JsonSchema[]): string | undefined {
  if (text === "float16" && forms.some(({ const: only }) => only === "float"))
    return "Write keep: float16 in the rule instead, and neither weights nor activations.";
  const mapping = forms.map((form) => keyWithWord(form, text)).find((found) => found !== undefined);
  if (mapping !== undefined) return `Write { ${mapping} }.`;
  return forms.every(({ type }) => type === "object") ? keysHint(forms) : undefined;
}

function nearWord(text: string, forms: readonly JsonSchema[]): string | undefined {
  const words = forms.flatMap(wordsOf);
  if (words.some((word) => typeof word === "number" && String(word) === text)) return `Write ${text} without quotes.`;
  return didYouMean(text, words.map(String)).trim() || undefined;
}

function keysHint(forms: readonly JsonSchema[]): string | undefined {
  const keys = forms.flatMap(({ properties = {} }) => Object.keys(properties));
  return keys.length === 0 ? undefined : `Write { KEY: VALUE }; keys: ${keys.join(", ")}.`;
}

/** `dtype: int8` when the text is, or nearly is, a word of a key that the mapping needs. */
function keyWithWord({ properties = {}, required = [] }: JsonSchema, text: string): string | undefined {
  for (const key of required) {
    const schema = properties[key];
    const word = schema && nearest(text, wordsOf(resolved(schema, recipeSchema)).map(String));
    if (word !== undefined) return `${key}: ${word}`;
  }
  return undefined;
}

function lastKey(path: Problem["path"]): string {
  return String(path.findLast((step) => typeof step === "string") ?? "it");
}

function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

/** The key of the mapping below which the given key has its place. */
export function keyWithin({ properties = {} }: JsonSchema, key: string): string | undefined {
  const holds = (schema: JsonSchema): boolean =>
    formsOf(resolved(schema, recipeSchema)).some((form) => Object.hasOwn(form.properties ?? {}, key));
  return Object.keys(properties).find((name) => holds(properties[name] as JsonSchema));
}
