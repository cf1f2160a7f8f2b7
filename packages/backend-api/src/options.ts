import { createRequire } from "node:module";
import { nearest } from "@vlm-export/ir";
import type * as Ajv from "ajv";
import type { Backend } from "./backend.js";
import { type OptionProblem, pluginContract, pluginOptions } from "./errors.js";

/** The recipe's `targets.<name>` with the schema's defaults filled in. Throws VX-PLUGIN-OPTIONS, VX-PLUGIN-CONTRACT. */
export function resolveOptions({ name, capabilities }: Backend, given: object | undefined): unknown {
  const options: unknown = structuredClone({ ...given });
  const schema: { readonly properties?: object } = capabilities.optionsSchema;
  const validate = validatorOf(name, schema);
  const known = Object.keys(schema.properties ?? {});
  if (!validate(options))
    throw pluginOptions(
      name,
      (validate.errors ?? []).map((error) => problemOf(error, known)),
      known,
    );
  return options;
}

/** The schema is compiled without being judged first: that takes three times as long, and what ajv cannot compile fails anyway. */
function validatorOf(backend: string, schema: object): Ajv.ValidateFunction {
  const { Ajv } = createRequire(import.meta.url)("ajv") as typeof import("ajv"); // loaded by the commands that come this far
  try {
    return new Ajv({ allErrors: true, useDefaults: true, verbose: true, strict: false, meta: false, validateSchema: false }).compile(
      schema,
    );
  } catch (error) {
    throw pluginContract(backend, [
      `capabilities.optionsSchema is no JSON Schema: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
}

function problemOf(error: Ajv.ErrorObject, known: readonly string[]): OptionProblem {
  const meant = meantName(error, known) ?? meantValue(error);
  return { message: problemText(error), ...(meant !== undefined && { meant }) };
}

/** Only a word beside the known ones is one of them misspelt: not one inside an option. */
function meantName({ params, instancePath }: Ajv.ErrorObject, known: readonly string[]): string | undefined {
  const { additionalProperty } = params as { readonly additionalProperty?: string };
  return additionalProperty !== undefined && instancePath === "" ? nearest(additionalProperty, known) : undefined;
}

function meantValue({ keyword, params, data }: Ajv.ErrorObject): string | undefined {
  if (keyword !== "enum" || typeof data !== "string") return undefined;
  const { allowedValues } = params as { readonly allowedValues: readonly unknown[] };
  return nearest(
    data,
    allowedValues.filter((value) => typeof value === "string"),
  );
}

function problemText({ keyword, params, instancePath, message = "is wrong" }: Ajv.ErrorObject): string {
  const { additionalProperty, allowedValues } = params as { readonly additionalProperty?: string; readonly allowedValues?: unknown[] };
  const extra = keyword === "additionalProperties" ? ` ${JSON.stringify(additionalProperty)}` : "";
  const allowed = keyword === "enum" ? ` (${allowedValues?.join(", ")})` : "";
  return `${instancePath || "options"} ${message}${extra}${allowed}`;
}
