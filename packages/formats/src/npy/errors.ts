import { FormatError } from "../files/index.js";
import { quoted } from "../files/errors.js";

/** What to do about a file that NumPy would not have written so. */
const DAMAGED = "The file is damaged: fetch it again, or save it again with numpy.save or numpy.savez.";

/** A dtype that NumPy has no name for. */
export function emitDType(dtype: string): FormatError {
  return new FormatError({
    code: "VX-EMIT-NPY-DTYPE",
    message: `NumPy has no data type for ${quoted(dtype)}.`,
    hint: "Convert bfloat16 and float8 to f32, and unpack types below 8 bits to i8 or u8.",
  });
}

/** An array that yields another number of bytes than its shape asks for. */
export function emitArraySize(expected: number, actual: number): FormatError {
  return new FormatError({ code: "VX-EMIT-NPY-SIZE", message: `An array of ${expected} bytes yielded ${actual} bytes.` });
}

/** Entry names or counts that a zip file cannot hold. */
export function emitZip(name: string, why: string): FormatError {
  return new FormatError({ code: "VX-EMIT-NPZ-ENTRY", message: `Entry ${quoted(name)} ${why}.` });
}

/** A NumPy type that is not a plain number, or that is not known. */
export function npyDType(path: string | undefined, descr: string): FormatError {
  return new FormatError({
    code: "VX-IMPORT-NPY-DTYPE",
    path,
    message: `The array has the NumPy type ${quoted(descr)}; expected bool, or integers, floats or complex numbers of 1 to 16 bytes.`,
    hint: "Save the array with a plain numeric dtype (no objects, strings or records).",
  });
}

/** A header that is not that of a .npy file. */
export function npyHeader(path: string | undefined, why: string): FormatError {
  return new FormatError({ code: "VX-IMPORT-NPY-HEADER", path, message: `The header of the array ${why}.`, hint: DAMAGED });
}

/** Element data of another size than the header says. */
export function npySize(path: string | undefined, expected: number, actual: number): FormatError {
  return new FormatError({
    code: "VX-IMPORT-NPY-SIZE",
    path,
    message: `The header of the array asks for ${expected} bytes of data; the file has ${actual}.`,
    hint: "The file is cut short or damaged: fetch it again.",
  });
}

/** An entry whose content is not what the archive says it is. */
export function npzContent(path: string | undefined, name: string, why: string): FormatError {
  return new FormatError({ code: "VX-IMPORT-NPZ-CONTENT", path, message: `Entry ${quoted(name)} ${why}.`, hint: DAMAGED });
}

/** An archive that is too large in some way to be unpacked. */
export function npzLimit(path: string | undefined, what: string): FormatError {
  return new FormatError({
    code: "VX-IMPORT-NPZ-LIMIT",
    path,
    message: `The archive ${what}.`,
    hint: "Save the arrays as they are, with numpy.savez. Callers of the library can raise the limit for a file that is trusted.",
  });
}

/** Bytes that are not a zip file, or a kind of zip file that NumPy does not write. */
export function npzStructure(path: string | undefined, offset: number, why: string): FormatError {
  return new FormatError({ code: "VX-IMPORT-NPZ-STRUCTURE", path, offset, message: `At byte ${offset}: ${why}.`, hint: DAMAGED });
}
