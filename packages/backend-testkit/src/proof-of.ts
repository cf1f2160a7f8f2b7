import { callHook, readPlugin } from "@vlm-export/backend-api";
import type { Model } from "@vlm-export/ir";
import { compareDecoded, type Proof } from "@vlm-export/verify";
import type { EmittedCase } from "./emit-case.js";

/** The files of a case, decoded and compared with the model; what the decoder throws, now or as it is read, names it. */
export async function proofOf(model: Model, { artifact, site }: Pick<EmittedCase, "artifact" | "site">): Promise<Proof> {
  const { backend, context } = site;
  const decoded = await callHook(site, "decode", () => backend.decode(artifact, context));
  return readPlugin(site, "decode", () => compareDecoded(backend.name, model, decoded, artifact));
}
