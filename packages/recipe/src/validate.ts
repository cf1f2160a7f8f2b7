import { type Diagnostic, VxError } from "@vlm-export/ir";
import { type RecipeFile, recipeSchema } from "@vlm-export/schemas";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { recipeKey, recipeValue } from "./errors.js";
import { didYouMean } from "./suggest.js";
import type { Path, Positions } from "./yaml/positions.js";
import type { YamlDocument } from "./yaml/document.js";

const MAX_FINDINGS = 200;

/** Compiled once per process: it takes about 20 ms. */
const validate: ValidateFunction<RecipeFile> = new Ajv({
  allErrors: true,
  verbose: true,
  strictTypes: false,
  validateFormats: false,
}).compile<RecipeFile>(recipeSchema);

/** The document as a recipe file. Throws a VxError with all findings, each at its line and with the nearest valid word. */
export function validated({ data, positions }: YamlDocument): RecipeFile {
  if (validate(data)) return data;
  const findings = relevant(validate.errors ?? []).map((error) => findingOf(error, positions));
  throw new VxError(unique(findings).slice(0, MAX_FINDINGS));
}

/** Drops the noise of `anyOf`: of the branches only the one whose type fits the value speaks. */
function relevant(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const unions = errors.filter(({ keyword }) => keyword === "anyOf");
  const inUnion = (error: ErrorObject, union: ErrorObject): boolean =>
    error !== union && error.keyword !== "anyOf" && within(error.instancePath, union.instancePath) && branchOf(error, union) !== undefined;
  const dropped = new Set<ErrorObject>();
  for (const union of unions) {
    const members = errors.filter((error) => inUnion(error, union));
    const misfits = new Set(members.filter((error) => isMisfit(error, union)).map((error) => branchOf(error, union)));
    const speaking = members.filter((error) => !misfits.has(branchOf(error, union)) && !isWord(error, union));
    for (const error of members) if (!speaking.includes(error)) dropped.add(error);
    if (speaking.length > 0) dropped.add(union);
  }
  return errors.filter((error) => !dropped.has(error));
}

function within(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}/`);
}

/** Which alternative of the union an error belongs to: told by the position of its schema in the union's list. */
function branchOf(error: ErrorObject, union: ErrorObject): number | undefined {
  if (error.instancePath !== union.instancePath) {
    // Errors below the union come from the only branch that looks inside: objects or arrays.
    const wanted = Array.isArray(union.data) ? "array" : "object";
    const index = branches(union).findIndex((branch) => typeOf(branch) === wanted);
    return index < 0 ? undefined : index;
  }
  const index = branches(union).findIndex((branch) => branch === error.parentSchema || resolve(branch) === error.parentSchema);
  return index < 0 ? undefined : index;
}

function branches(union: ErrorObject): readonly Schema[] {
  return union.schema as readonly Schema[];
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly properties?: Readonly<Record<string, unknown>>;
}

function resolve(schema: Schema): Schema {
  const name = schema.$ref?.replace("#/definitions/", "");
  return name === undefined ? schema : ((recipeSchema as Schema).definitions?.[name] ?? schema);
}

function typeOf(schema: Schema): string | undefined {
  const { type, const: only, enum: words } = resolve(schema);
  return type ?? (only !== undefined ? typeof only : words ? "string" : undefined);
}

/** The branch wants another kind of value altogether. */
function isMisfit(error: ErrorObject, union: ErrorObject): boolean {
  if (error.instancePath !== union.instancePath) return false;
  return error.keyword === "type" || (isWord(error, union) && typeof error.data !== "string");
}

/** The union itself tells the allowed words together with its other forms. */
function isWord(error: ErrorObject, union: ErrorObject): boolean {
  return error.instancePath === union.instancePath && (error.keyword === "const" || error.keyword === "enum");
}

function findingOf(error: ErrorObject, positions: Positions): Diagnostic {
  const path = pathOf(error.instancePath);
  if (error.keyword === "additionalProperties") return unknownKey(error, path, positions);
  const place = positions.of(path);
  const name = path.length === 0 ? "the recipe" : nameOf(path);
  return recipeValue(place, `${name}: ${problemOf(error)}.`, hintOf(error));
}

function unknownKey(error: ErrorObject, path: Path, positions: Positions): Diagnostic {
  const key = (error.params as { additionalProperty: string }).additionalProperty;
  const known = Object.keys((error.parentSchema as Schema).properties ?? {});
  const parent = path.length === 0 ? "a recipe" : nameOf(path);
  const merge = key === "<<" ? "YAML 1.2 has no merge keys; write the keys out. " : "";
  return recipeKey(
    positions.ofKey([...path, key]),
    `unknown key ${JSON.stringify(key)} in ${parent}.`,
    `${merge}${didYouMean(key, known)}Known keys: ${known.join(", ")}.`,
  );
}

/** Texts by ajv keyword; `params` is what ajv says about the limit. */
const PROBLEMS: Readonly<Record<string, (params: Record<string, unknown>, error: ErrorObject) => string>> = {
  anyOf: (_, error) => `expected ${listOf(branches(error).map(wantedOf))}, got ${shown(error.data)}`,
  const: ({ allowedValue }, { data }) => `expected ${JSON.stringify(allowedValue)}, got ${shown(data)}`,
  enum: ({ allowedValues }, { data }) => `expected one of ${(allowedValues as unknown[]).join(", ")}, got ${shown(data)}`,
  exclusiveMinimum: ({ limit }, { data }) => `expected more than ${limit}, got ${shown(data)}`,
  maxItems: ({ limit }, { data }) => `expected at most ${limit} entries, got ${(data as unknown[]).length}`,
  maximum: ({ limit }, { data }) => `expected at most ${limit}, got ${shown(data)}`,
  maxLength: ({ limit }, { data }) => `expected at most ${limit} characters, got ${(data as string).length}`,
  minItems: ({ limit }, { data }) => `expected at least ${limit} entries, got ${(data as unknown[]).length}`,
  minLength: () => "expected text, got an empty one",
  minProperties: () => "expected at least one key, got none",
  minimum: ({ limit }, { data }) => `expected at least ${limit}, got ${shown(data)}`,
  pattern: ({ pattern }, { data }) => `${shown(data)} does not have the form ${pattern}`,
  required: ({ missingProperty }) => `key ${JSON.stringify(missingProperty)} is missing`,
  type: ({ type }, { data }) => `expected ${wordOf(type)}, got ${shown(data)}`,
};

function problemOf(error: ErrorObject): string {
  return PROBLEMS[error.keyword]?.(error.params, error) ?? error.message ?? error.keyword;
}

function hintOf(error: ErrorObject): string | undefined {
  const { allowedValues } = error.params as { allowedValues?: readonly unknown[] };
  const words = allowedValues ?? (error.keyword === "anyOf" ? branches(error).flatMap(wordsOf) : []);
  if (typeof error.data !== "string" || words.length === 0) return undefined;
  return didYouMean(error.data, words.map(String)).trim() || undefined;
}

function wordsOf(schema: Schema): readonly unknown[] {
  const { const: only, enum: words } = resolve(schema);
  return words ?? (only === undefined ? [] : [only]);
}

function wantedOf(schema: Schema): string {
  const words = wordsOf(schema);
  return words.length > 0 ? words.map((word) => JSON.stringify(word)).join(", ") : wordOf(typeOf(schema));
}

function wordOf(type: unknown): string {
  const words: Readonly<Record<string, string>> = {
    array: "a list",
    boolean: "true or false",
    integer: "a whole number",
    number: "a number",
    object: "a mapping",
    string: "text",
  };
  return words[String(type)] ?? String(type);
}

function listOf(items: readonly string[]): string {
  return [...new Set(items)].join(" or ");
}

/** A value as a message shows it, at most 60 characters. */
function shown(data: unknown): string {
  if (data === null) return "nothing";
  if (Array.isArray(data)) return "a list";
  if (typeof data === "object") return "a mapping";
  const text = typeof data === "string" ? JSON.stringify(data) : String(data);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** JSON pointer to path. */
function pathOf(pointer: string): Path {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** `rules[0].weights.dtype` for people. */
function nameOf(path: Path): string {
  return path.map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`)).join("");
}

function unique(findings: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return findings.filter((finding) => {
    const id = JSON.stringify(finding);
    return !seen.has(id) && seen.add(id);
  });
}
