import { callHook, readPlugin } from "@vlm-export/backend-api";
import type { Model } from "@vlm-export/ir";
import { compareDecoded, type Proof } from "@vlm-export/verify";
import type { EmittedCase } from "./emit-case.js";

/** The files of a case, decoded and compared with the model; what the decoder throws, now or as it is read, names it. */
export async function proofOf(
  model: Model,
  { artifact, site: { backend, context, terms } }: Pick<EmittedCase, "artifact" | "site">,
): Promise<Proof> {
  const decoded = await callHook(backend, "decode", () => backend.decode(artifact, context), terms);
  return readPlugin(backend, "decode", () => compareDecoded(backend.name, model, decoded, artifact), terms);
}
