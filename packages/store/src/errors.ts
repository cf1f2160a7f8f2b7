import { VxError } from "@vlm-export/ir";

/** The folder for temporary files cannot be written: full, read-only or missing. */
export function emitTemporary(folder: string, cause: unknown): VxError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new VxError(
    {
      code: "VX-EMIT-TEMPORARY",
      severity: "error",
      message: `temporary files cannot be written below ${folder}: ${reason}.`,
      hint: "Free space there, or set TMPDIR (on Windows TEMP) to a folder that may be written and has room.",
      where: { stage: "emit", file: folder },
    },
    { cause },
  );
}

/** A file that a tensor was written to has become shorter, or is gone. */
export function quantScratchRead(path: string, begin: number, end: number, cause?: unknown): VxError {
  return new VxError(
    {
      code: "VX-QUANT-SCRATCH-READ",
      severity: "error",
      message: `bytes ${begin} to ${end} of the scratch file cannot be read; the file was changed or removed while the tool ran.`,
      hint: "Let nothing clean the cache folder during a run, then run again.",
      where: { stage: "quantize", file: path, offset: begin },
    },
    { cause },
  );
}

/** The folder for intermediate tensors cannot be written: full, read-only or missing. */
export function quantScratchWrite(path: string, cause: unknown): VxError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new VxError(
    {
      code: "VX-QUANT-SCRATCH-WRITE",
      severity: "error",
      message: `intermediate tensors cannot be written: ${reason}.`,
      hint: "Free space, or choose another cache folder.",
      where: { stage: "quantize", file: path },
    },
    { cause },
  );
}
