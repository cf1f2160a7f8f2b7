import { type JsonSchema, type JsonType, resolved } from "./schema-words.js";

/** One thing that a schema does not allow. */
export interface Problem {
  /** Keys and indices from the root to the value. */
  readonly path: readonly (string | number)[];
  readonly data: unknown;
  /** The word of the schema that the value goes against. */
  readonly word: keyof JsonSchema;
  /** The schema that has the word, without `$ref`. */
  readonly schema: JsonSchema;
  /** The key that is missing or unknown. */
  readonly key?: string;
  /** What the value is for, in the words of the nearest schema that says it. */
  readonly purpose: string | undefined;
}

/**
 * Explains what a validator refuses: all that `root` does not allow in `data`, one problem for each thing that a person has to
 * change. A value of the wrong type or word is one problem, whatever else is wrong inside. Where no form of an `anyOf` holds, those of
 * the right type and word speak; without such a form the problem is the `anyOf` itself. (A validator reports every form of every choice,
 * and points into the definitions instead of at the place that uses them.)
 */
export function problemsOf(root: JsonSchema, data: unknown): readonly Problem[] {
  return new Checker(root).check(root, data, { path: [], purpose: undefined });
}

/** The problem in a few words, with its place: `targets.tflite.files[0]: sizeBytes is missing`. */
export function problemLine({ path, word, key, schema }: Problem): string {
  const name = path.map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)).join("") || "the document";
  if (word === "required") return `${name}: ${key} is missing`;
  if (word === "additionalProperties") return `${name}: ${key} is unknown`;
  if (word === "enum") return `${name}: is none of ${schema.enum?.join(", ")}`;
  return `${name}: ${word} ${JSON.stringify(schema[word])} does not hold`;
}

type Place = Pick<Problem, "path" | "purpose">;
/** True when the data go against the schema's word; `undefined` limits are never broken. */
type Limit<T> = readonly [word: keyof JsonSchema, isBroken: (schema: JsonSchema, data: T) => boolean];

const NUMBER_LIMITS: readonly Limit<number>[] = [
  ["minimum", ({ minimum = -Infinity }, data) => data < minimum],
  ["maximum", ({ maximum = Infinity }, data) => data > maximum],
  ["exclusiveMinimum", ({ exclusiveMinimum = -Infinity }, data) => data <= exclusiveMinimum],
];
const STRING_LIMITS: readonly Limit<string>[] = [
  ["minLength", ({ minLength = 0 }, data) => [...data].length < minLength],
  ["maxLength", ({ maxLength = Infinity }, data) => data.length > maxLength && [...data].length > maxLength],
  ["pattern", ({ pattern }, data) => pattern !== undefined && !new RegExp(pattern, "u").test(data)],
];
const ARRAY_LIMITS: readonly Limit<readonly unknown[]>[] = [
  ["minItems", ({ minItems = 0 }, data) => data.length < minItems],
  ["maxItems", ({ maxItems = Infinity }, data) => data.length > maxItems],
];
const OBJECT_LIMITS: readonly Limit<object>[] = [
  ["minProperties", ({ minProperties = 0 }, data) => Object.keys(data).length < minProperties],
];

class Checker {
  private readonly root: JsonSchema;

  constructor(root: JsonSchema) {
    this.root = root;
  }

  check(given: JsonSchema, data: unknown, place: Place): readonly Problem[] {
    const schema = resolved(given, this.root);
    const at: Place = { ...place, purpose: schema.description ?? place.purpose };
    const misfit = misfitOf(schema, data);
    if (misfit) return [{ ...at, data, word: misfit, schema }];
    return [...this.forms(schema, data, at), ...this.limits(schema, data, at)];
  }

  /** `anyOf`: what the value is for is told of the choice, not of the form. */
  private forms(schema: JsonSchema, data: unknown, at: Place): readonly Problem[] {
    const isHere = ({ path }: Problem): boolean => path.length === at.path.length;
    const forms = schema.anyOf?.map((form) => this.check(form, data, at));
    if (!forms || forms.some((problems) => problems.length === 0)) return [];
    const speaking = forms.filter((problems) => !problems.some((problem) => isHere(problem) && isMisfit(problem)));
    if (speaking.length === 0) return [{ ...at, data, word: "anyOf", schema }];
    return speaking.flat().map((problem) => (isHere(problem) ? { ...problem, ...at } : problem));
  }

  private limits(schema: JsonSchema, data: unknown, at: Place): readonly Problem[] {
    const broken = <T>(limits: readonly Limit<T>[], value: T): readonly Problem[] =>
      limits.filter(([, isBroken]) => isBroken(schema, value)).map(([word]) => ({ ...at, data, word, schema }));
    if (typeof data === "number") return broken(NUMBER_LIMITS, data);
    if (typeof data === "string") return broken(STRING_LIMITS, data);
    if (Array.isArray(data)) return [...broken(ARRAY_LIMITS, data), ...this.items(schema, data, at)];
    return isObject(data) ? [...broken(OBJECT_LIMITS, data), ...this.keys(schema, data, at)] : [];
  }

  private items({ items }: JsonSchema, data: readonly unknown[], at: Place): readonly Problem[] {
    return items ? data.flatMap((item, i) => this.check(items, item, { ...at, path: [...at.path, i] })) : [];
  }

  private keys(schema: JsonSchema, data: Readonly<Record<string, unknown>>, at: Place): readonly Problem[] {
    const { required = [], properties = {}, additionalProperties: others = true } = schema;
    const missing = required.filter((key) => !Object.hasOwn(data, key));
    const found = Object.entries(data).flatMap(([key, value]): readonly Problem[] => {
      const known = Object.hasOwn(properties, key) ? properties[key] : others;
      if (known === false) return [{ ...at, data, word: "additionalProperties", schema, key }];
      return typeof known === "object" ? this.check(known, value, { ...at, path: [...at.path, key] }) : [];
    });
    return [...missing.map((key) => ({ ...at, data, word: "required" as const, schema, key })), ...found];
  }
}

/** The word by which the value is another thing altogether. */
function misfitOf({ type, const: only, enum: words }: JsonSchema, data: unknown): keyof JsonSchema | undefined {
  if (type !== undefined && ![type].flat().some((one) => hasType(data, one))) return "type";
  if (only !== undefined && only !== data) return "const";
  return words && !words.includes(data) ? "enum" : undefined;
}

function isMisfit({ word }: Problem): boolean {
  return word === "type" || word === "const" || word === "enum" || word === "anyOf";
}

/** JSON has neither NaN nor infinity: they are no numbers. */
function hasType(data: unknown, type: JsonType): boolean {
  if (type === "integer") return Number.isInteger(data);
  if (type === "number") return Number.isFinite(data);
  if (type === "array") return Array.isArray(data);
  if (type === "null") return data === null;
  return type === "object" ? isObject(data) : typeof data === type;
}

function isObject(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
