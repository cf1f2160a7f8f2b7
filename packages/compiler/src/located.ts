import { type Diagnostic, type Where, VxError } from "@vlm-export/ir";

type Place = Pick<Where, "file" | "line" | "column">;

/** The same error, its findings pointing at a place of the recipe. */
export function located(error: VxError, place: Place): VxError {
  const diagnostics = error.diagnostics.map((diagnostic) => locatedFinding(diagnostic, place));
  return new VxError(diagnostics, { cause: error.cause, kind: error.kind });
}

export function locatedFinding(found: Diagnostic, { file, line, column }: Place): Diagnostic {
  const place = { ...(file !== undefined && { file }), ...(line !== undefined && { line }), ...(column !== undefined && { column }) };
  return { ...found, where: { ...found.where, ...place } };
}
