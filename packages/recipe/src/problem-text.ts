import { type JsonSchema, type Problem, recipeSchema, resolved } from "@vlm-export/schemas";

/** What is wrong with a value: what was expected and what stands there; begins after the value's name. */
export function describeProblem(problem: Problem): string {
  return TEXTS[problem.word]?.(problem) ?? `does not keep ${problem.word} of the schema`;
}

const TEXTS: Partial<Readonly<Record<keyof JsonSchema, (problem: Problem) => string>>> = {
  anyOf: ({ schema, data }) => `expected ${anyWanted(schema)}, got ${shown(data)}`,
  const: ({ schema, data }) => `expected ${JSON.stringify(schema.const)}, got ${shown(data)}`,
  enum: ({ schema, data }) => `expected ${wanted(schema)}, got ${shown(data)}`,
  exclusiveMinimum: ({ schema, data }) => `expected more than ${schema.exclusiveMinimum}, got ${shown(data)}`,
  maxItems: ({ schema, data }) => `expected at most ${entries(schema.maxItems)}, got ${(data as unknown[]).length}`,
  maximum: ({ schema, data }) => `expected at most ${schema.maximum}, got ${shown(data)}`,
  maxLength: ({ schema, data }) => `expected at most ${schema.maxLength} characters, got ${(data as string).length}`,
  minItems: ({ schema, data }) => `expected at least ${entries(schema.minItems)}, got ${(data as unknown[]).length}`,
  minLength: () => "expected text, got an empty one",
  minProperties: () => "expected at least one key, got none",
  minimum: ({ schema, data }) => `expected at least ${schema.minimum}, got ${shown(data)}`,
  pattern: ({ schema, data }) => `expected ${wanted(schema)}, got ${shown(data)}`,
  required: ({ key }) => `key ${JSON.stringify(key)} is missing`,
  type: ({ schema, data }) => `expected ${wanted(schema)}, got ${shown(data)}`,
};

/** The forms of a choice, or the schema itself. */
export function formsOf({ anyOf, ...schema }: JsonSchema): readonly JsonSchema[] {
  return anyOf ? anyOf.map((form) => resolved(form, recipeSchema)).flatMap(formsOf) : [schema];
}

/** The words among which a value is chosen; none where it is free. */
export function wordsOf(schema: JsonSchema): readonly unknown[] {
  return formsOf(schema).flatMap(({ const: only, enum: words }) => words ?? (only === undefined ? [] : [only]));
}

function anyWanted(schema: JsonSchema): string {
  return [...new Set(formsOf(schema).map(wanted))].join(" or ");
}

/** What the schema takes: `one of int8, int4`, `a whole number`. */
export function wanted(schema: JsonSchema): string {
  const words = wordsOf(schema);
  if (words.length > 1) return `one of ${words.join(", ")}`;
  if (words.length === 1) return JSON.stringify(words[0]);
  if (schema.anyOf) return anyWanted(schema);
  return (schema.pattern !== undefined && schema.description) || kindText(String(schema.type));
}

function kindText(type: string): string {
  const kinds = new Map([
    ["array", "a list"],
    ["boolean", "true or false"],
    ["integer", "a whole number"],
    ["number", "a number"],
    ["object", "a mapping"],
    ["string", "text"],
  ]);
  return kinds.get(type) ?? type;
}

function entries(count: number | undefined): string {
  return count === 1 ? "one entry" : `${count} entries`;
}

/** A value as a message shows it, at most 60 characters. */
function shown(data: unknown): string {
  if (data === null) return "nothing";
  if (Array.isArray(data)) return "a list";
  if (typeof data === "object") return "a mapping";
  const text = typeof data === "string" ? JSON.stringify(data) : String(data);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
