import { type Where, VxError } from "@vlm-export/ir";

/** The same error, its findings pointing at a place of the recipe. */
export function located(error: VxError, { file, line, column }: Pick<Where, "file" | "line" | "column">): VxError {
  const place = { ...(file !== undefined && { file }), ...(line !== undefined && { line }), ...(column !== undefined && { column }) };
  const diagnostics = error.diagnostics.map((diagnostic) => ({ ...diagnostic, where: { ...diagnostic.where, ...place } }));
  return new VxError(diagnostics, { cause: error.cause, kind: error.kind });
}
