import { createRequire } from "node:module";
import type * as Ajv from "ajv";
import type { Backend } from "./backend.js";
import { pluginOptions } from "./errors.js";

/** The recipe's `targets.<name>` with the schema's defaults filled in. Throws VX-PLUGIN-OPTIONS. */
export function resolveOptions({ name, capabilities }: Backend, given: object | undefined): unknown {
  const { Ajv } = createRequire(import.meta.url)("ajv") as typeof import("ajv"); // loaded by the commands that come this far
  const options: unknown = structuredClone({ ...given });
  // The schema is not itself judged in every run: that takes three times as long as to compile it.
  const rules = { allErrors: true, useDefaults: true, strict: false, meta: false, validateSchema: false } as const;
  const validate = new Ajv(rules).compile(capabilities.optionsSchema);
  if (!validate(options)) throw pluginOptions(name, (validate.errors ?? []).map(problemText));
  return options;
}

function problemText({ keyword, params, instancePath, message = "is wrong" }: Ajv.ErrorObject): string {
  const { additionalProperty, allowedValues } = params as { readonly additionalProperty?: string; readonly allowedValues?: unknown[] };
  const extra = keyword === "additionalProperties" ? ` ${JSON.stringify(additionalProperty)}` : "";
  const allowed = keyword === "enum" ? ` (${allowedValues?.join(", ")})` : "";
  return `${instancePath || "options"} ${message}${extra}${allowed}`;
}
