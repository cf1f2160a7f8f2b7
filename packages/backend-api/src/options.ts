import { Ajv } from "ajv";
import type { Backend } from "./backend.js";
import { pluginOptions } from "./errors.js";

/** The recipe's `targets.<name>` with the schema's defaults filled in. Throws VX-PLUGIN-OPTIONS. */
export function resolveOptions(backend: Backend, given: object | undefined): unknown {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: false });
  const options: unknown = structuredClone(given ?? {});
  const validate = ajv.compile(backend.capabilities.optionsSchema);
  if (validate(options)) return options;
  const problems = (validate.errors ?? []).map((error) => {
    const extra =
      error.keyword === "additionalProperties"
        ? ` ${JSON.stringify((error.params as { additionalProperty: string }).additionalProperty)}`
        : "";
    const allowed = error.keyword === "enum" ? ` (${(error.params as { allowedValues: unknown[] }).allowedValues.join(", ")})` : "";
    return `${error.instancePath || "options"} ${error.message ?? "is wrong"}${extra}${allowed}`;
  });
  throw pluginOptions(backend.name, problems);
}
