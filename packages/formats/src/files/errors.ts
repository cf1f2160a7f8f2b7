import { FormatError } from "./format-error.js";

/** A reserved or escaping `location` of external data. */
export function externalDataPath(path: string, location: string, why: string): FormatError {
  return new FormatError({
    code: "VX-IMPORT-EXTERNAL-PATH",
    path,
    message: `External data location ${quoted(location)} ${why}.`,
    hint: "Put the data file beside the model, and name it by a relative path without links that lead out of that folder.",
  });
}

/** The file that `location` names is not there. */
export function externalDataMissing(path: string, location: string, cause: unknown): FormatError {
  return new FormatError({
    code: "VX-IMPORT-EXTERNAL-MISSING",
    path,
    message: `External data file ${quoted(location)} is not in the folder of the model.`,
    hint: "Copy or download the data file together with the model.",
    cause,
  });
}

/** A file on disk is not the one that was opened. */
export function fileChanged(path: string, was: string, is: string): FormatError {
  return new FormatError({
    code: "VX-IMPORT-FILE-CHANGED",
    path,
    message: `File changed while it was in use: ${was} when opened, ${is} now.`,
    hint: "Run again when nothing else writes the file.",
  });
}

/** Use after {@link FilePool.close}. */
export function fileClosed(path: string): FormatError {
  return new FormatError({ code: "VX-IMPORT-FILE-CLOSED", path, message: "The file pool that opened this file is closed." });
}

/** A folder, pipe, socket or device where a regular file was expected. */
export function fileKind(path: string, kind: string): FormatError {
  return new FormatError({
    code: "VX-IMPORT-FILE-KIND",
    path,
    message: `Expected a regular file, found a ${kind}.`,
    hint: "Give the path of the file itself.",
  });
}

/** The operating system refused to open or look at the file. */
export function fileOpen(path: string, cause: unknown): FormatError {
  return new FormatError({
    code: "VX-IMPORT-FILE-OPEN",
    path,
    message: `Cannot open ${quoted(path)}: ${systemReason(cause)}.`,
    hint: "Check the path, and that you may read the file.",
    cause,
  });
}

/** A range that does not lie in the file, or that one buffer cannot hold. */
export function fileRange(path: string | undefined, begin: number, end: number, limit: number): FormatError {
  return new FormatError({
    code: "VX-IMPORT-FILE-RANGE",
    path,
    offset: begin,
    message: `Bytes ${begin} to ${end} are outside the ${limit} bytes that are there.`,
    hint: "The file is cut short or its offsets are wrong: fetch it again.",
  });
}

/** The operating system failed in the middle of a read. */
export function fileRead(path: string, offset: number, cause: unknown): FormatError {
  return new FormatError({
    code: "VX-IMPORT-FILE-READ",
    path,
    offset,
    message: `Cannot read at byte ${offset}: ${systemReason(cause)}.`,
    hint: "Copy the file to a local disk and try again.",
    cause,
  });
}

/** More bytes than one buffer may hold, or than there is memory for. */
export function fileTooLarge(path: string | undefined, byteLength: number): FormatError {
  return new FormatError({
    code: "VX-IMPORT-FILE-TOO-LARGE",
    path,
    message: `Cannot hold ${byteLength} bytes in one buffer.`,
    hint: "Read it in windows.",
  });
}

/** An output file exists, or its folder cannot be written. */
export function sinkAccess(path: string, cause: unknown): FormatError {
  return new FormatError({
    code: "VX-EMIT-FILE-ACCESS",
    path,
    message: `Cannot create ${quoted(path)}: ${systemReason(cause)}.`,
    hint: "Check that the folder is there and that you may write to it.",
    cause,
  });
}

/** Use of a sink after it was closed, discarded or failed. */
export function sinkClosed(path: string): FormatError {
  return new FormatError({ code: "VX-EMIT-FILE-CLOSED", path, message: "This output file is closed." });
}

/** No room, or a quota or size limit reached. */
export function sinkFull(path: string, offset: number, byteLength: number, cause: unknown): FormatError {
  return new FormatError({
    code: "VX-EMIT-FILE-FULL",
    path,
    offset,
    message: `No room for the next ${byteLength} bytes after ${offset}: ${systemReason(cause)}.`,
    hint:
      (cause as NodeJS.ErrnoException).code === "EFBIG"
        ? "Lift the limit (ulimit -f unlimited), or write to a disk whose files may be larger."
        : "Free disk space, or write to another disk.",
    cause,
  });
}

/** The operating system failed in the middle of a write. */
export function sinkWrite(path: string, offset: number, byteLength: number, cause: unknown): FormatError {
  return new FormatError({
    code: "VX-EMIT-FILE-WRITE",
    path,
    offset,
    message: `Cannot write ${byteLength} bytes at ${offset}: ${systemReason(cause)}.`,
    hint: "Write to another disk.",
    cause,
  });
}

/** The code and text of an error of the operating system. */
function systemReason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** A name for a message: quoted, control characters escaped, cut at 200 characters. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
