import { manifestSchema, problemLine, problemsOf } from "@vlm-export/schemas";

/** What keeps a parsed JSON document from being a manifest; undefined when nothing does. */
export function manifestProblem(document: unknown): string | undefined {
  const [problem] = problemsOf(manifestSchema, document);
  return problem && problemLine(problem);
}
