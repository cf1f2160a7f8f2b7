import { Ajv } from "ajv";
import { manifestSchema } from "@vlm-export/schemas";

/** What keeps a parsed JSON document from being a manifest; undefined when nothing does. */
export function manifestProblem(document: unknown): string | undefined {
  const validate = new Ajv({ strict: false }).compile(manifestSchema as object);
  if (validate(document)) return undefined;
  const [error] = validate.errors ?? [];
  return `${error?.instancePath || "the document"} ${error?.message ?? "is wrong"}`;
}
