export type JsonType = "array" | "boolean" | "integer" | "null" | "number" | "object" | "string";

/** A JSON Schema (draft-07) in the words that the schemas of this package use. */
export interface JsonSchema {
  readonly $id?: string;
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  readonly type?: JsonType | readonly JsonType[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
}

/** Words that decide; the others describe. A test keeps the schemas to them. */
export const DECIDING_WORDS: readonly (keyof JsonSchema)[] = [
  "$ref",
  "type",
  "const",
  "enum",
  "anyOf",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "minLength",
  "maxLength",
  "pattern",
  "items",
  "minItems",
  "maxItems",
  "required",
  "minProperties",
  "properties",
  "additionalProperties",
];

/** The schema that a `$ref` to a definition of `root` stands for, with the description beside the `$ref`; any other schema is itself. */
export function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = schema.$ref?.replace("#/definitions/", "");
  if (name === undefined) return schema;
  const definition = root.definitions?.[name];
  if (!definition) throw new Error(`the schema has no definition ${name}`);
  return schema.description === undefined ? definition : { ...definition, description: schema.description };
}
