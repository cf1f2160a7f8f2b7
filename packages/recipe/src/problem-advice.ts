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
  if (takes("string") && typeof data !== "object") return `Write it in quotes: "${String(data)}".`;
  if (takes("array") && typeof data === "object") return "Begin each entry with `- `.";
  if (takes("object") && Array.isArray(data)) return `Write keys and values below ${lastKey(path)}, without \`- \`.`;
  return undefined;
}

const TRUE = /^(?:y|yes|on|true)$/i;
const FALSE = /^(?:n|no|off|false)$/i;

function repairOfText(text: string, forms: readonly JsonSchema[]): string | undefined {
  const types = forms.map(({ type }) => type);
  if (types.includes("boolean") && (TRUE.test(text) || FALSE.test(text))) return `Write ${TRUE.test(text)}.`;
  if ((types.includes("integer") || types.includes("number")) && text.trim() !== "" && Number.isFinite(Number(text)))
    return `Write ${Number(text)} without quotes.`;
  const mapping = forms.map((form) => keyWithWord(form, text)).find((found) => found !== undefined);
  if (mapping !== undefined) return `Write { ${mapping} }.`;
  if (text === "") return "Write a value, or remove the key.";
  const words = forms.flatMap(wordsOf);
  if (words.some((word) => typeof word === "number" && String(word) === text)) return `Write ${text} without quotes.`;
  return didYouMean(text, words.map(String)).trim() || undefined;
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
