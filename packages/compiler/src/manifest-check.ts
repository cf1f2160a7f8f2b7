import { isManifest, manifestSchema, problemLine, problemsOf } from "@vlm-export/schemas";

/** What keeps a parsed JSON document from being a manifest; undefined when nothing does. */
export function manifestProblem(document: unknown): string | undefined {
  if (isManifest(document)) return undefined;
  const [problem] = problemsOf(manifestSchema, document);
  return problem ? problemLine(problem) : "it does not keep the manifest's schema";
}
