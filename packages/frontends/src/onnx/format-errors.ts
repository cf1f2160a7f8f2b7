import { FormatError } from "@vlm-export/formats/files";
import { VxError } from "@vlm-export/ir";

/** Runs `read`; a FormatError of the codecs becomes a VxError of stage import that names `file` and the byte. */
export function withFormatErrors<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof FormatError ? fromFormatError(error, file) : error;
  }
}

function fromFormatError(error: FormatError, file: string): VxError {
  const { code, message, hint, offset } = error;
  const where = { stage: "import" as const, file: error.path ?? file, ...(offset !== undefined && { offset }) };
  return new VxError({ code, severity: "error", message, ...(hint !== undefined && { hint }), where }, { cause: error });
}
