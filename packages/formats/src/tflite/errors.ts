import { FormatError } from "../files/index.js";

/** What is wrong with the bytes of a .tflite file, at a byte offset. */
export function decodeTfliteMalformed(problem: string, offset: number): FormatError {
  return new FormatError({
    code: "VX-DECODE-TFLITE-MALFORMED",
    message: `TFLite file: ${problem}, at byte ${offset}.`,
    offset,
    hint: "The file is cut off or damaged: write or fetch it again.",
  });
}

/** A structure that is legal but beyond the reader's limits. */
export function decodeTfliteLimit(what: string, limit: number, offset: number): FormatError {
  return new FormatError({
    code: "VX-DECODE-TFLITE-LIMIT",
    message: `TFLite file: more than ${limit} ${what}, at byte ${offset}.`,
    offset,
    hint: "No real model needs that many: the file is damaged or was made to waste memory.",
  });
}

/** A legal feature of the format that this reader does not know. */
export function decodeTfliteUnsupported(feature: string, offset: number): FormatError {
  return new FormatError({
    code: "VX-DECODE-TFLITE-UNSUPPORTED",
    message: `TFLite file: ${feature} cannot be read, at byte ${offset}.`,
    offset,
  });
}

/** A model object that cannot be written as it stands. */
export function emitTfliteModel(problem: string): FormatError {
  return new FormatError({ code: "VX-EMIT-TFLITE-MODEL", message: `TFLite model: ${problem}.` });
}
