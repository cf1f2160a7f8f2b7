import { createRequire } from "node:module";
import { type JsonSchema, type Problem, problemLine, problemsOf } from "@vlm-export/schemas";
import type * as Ajv from "ajv";
import type { Backend } from "./backend.js";
import { pluginOptions } from "./errors.js";

type Options = Record<string, unknown>;
type Setting = JsonSchema & { readonly default?: unknown };
/** A schema of a flat list of settings, as nearly all targets have. */
interface FlatSchema extends JsonSchema {
  readonly properties?: Readonly<Record<string, Setting>>;
}

/** The recipe's `targets.<name>` with the schema's defaults filled in. Throws VX-PLUGIN-OPTIONS. */
export function resolveOptions({ name, capabilities }: Backend, given: object | undefined): unknown {
  const { optionsSchema: schema } = capabilities;
  const options: Options = structuredClone({ ...given });
  const problems = isFlat(schema) ? fillFlat(schema, options) : fillByAjv(schema, options);
  if (problems.length > 0) throw pluginOptions(name, problems);
  return options;
}

const ROOT_WORDS = new Set(["$id", "$schema", "additionalProperties", "description", "properties", "required", "title", "type"]);
const SETTING_WORDS = new Set(
  "const default description enum exclusiveMinimum maxLength maximum minLength minimum pattern title type".split(" "),
);

function isFlat(schema: object): schema is FlatSchema {
  const { properties = {}, additionalProperties = false } = schema as FlatSchema;
  const hasOnly = (words: ReadonlySet<string>, part: object): boolean => Object.keys(part).every((word) => words.has(word));
  return (
    hasOnly(ROOT_WORDS, schema) &&
    additionalProperties === false &&
    Object.values(properties).every((setting) => hasOnly(SETTING_WORDS, setting))
  );
}

function fillFlat(schema: FlatSchema, options: Options): readonly string[] {
  const { properties = {} } = schema;
  for (const [key, { default: value }] of Object.entries(properties))
    if (value !== undefined && options[key] === undefined) options[key] = structuredClone(value);
  return problemsOf(schema, options).map((problem) => problemText(problem, Object.keys(properties)));
}

function problemText(problem: Problem, known: readonly string[]): string {
  const { word, key } = problem;
  return word === "additionalProperties" ? `option ${JSON.stringify(key)} is unknown; options: ${known.join(", ")}` : problemLine(problem);
}

/** Any other JSON Schema. ajv is loaded by the first of them: that takes longer than all other checks of a run. */
function fillByAjv(schema: object, options: Options): readonly string[] {
  const { Ajv } = createRequire(import.meta.url)("ajv") as typeof import("ajv");
  const validate = new Ajv({ allErrors: true, useDefaults: true, strict: false }).compile(schema);
  return validate(options) ? [] : (validate.errors ?? []).map(ajvText);
}

function ajvText({ keyword, params, instancePath, message = "is wrong" }: Ajv.ErrorObject): string {
  const { additionalProperty, allowedValues } = params as { readonly additionalProperty?: string; readonly allowedValues?: unknown[] };
  const extra = keyword === "additionalProperties" ? ` ${JSON.stringify(additionalProperty)}` : "";
  const allowed = keyword === "enum" ? ` (${allowedValues?.join(", ")})` : "";
  return `${instancePath || "options"} ${message}${extra}${allowed}`;
}
