import { FormatError } from "../files/index.js";
import { quoted } from "../files/errors.js";

/** A byte of a file, for errors. */
export interface Place {
  readonly path: string | undefined;
  readonly offset: number;
}

/** What to do about a file whose bytes or fields are wrong. */
const DAMAGED = "The file is damaged, or the tool that wrote it is faulty: fetch it again, or export the model again.";

/** Words that the writer cannot put into a file, such as a tensor of strings with external data. */
export function emitInvalid(message: string, hint?: string): FormatError {
  return new FormatError({ code: "VX-EMIT-ONNX-INVALID", message, hint });
}

/** A payload that yields another number of bytes than it promised. */
export function emitPayloadSize(tensor: string, expected: number, actual: number): FormatError {
  return new FormatError({
    code: "VX-EMIT-ONNX-PAYLOAD",
    message: `Tensor ${quoted(tensor)}: expected ${expected} bytes of data, got ${actual >= expected ? actual : `only ${actual}`}.`,
  });
}

/** A protobuf file of 2 GiB or more, which other readers refuse. */
export function emitTooLarge(file: string, byteLength: number): FormatError {
  return new FormatError({
    code: "VX-EMIT-ONNX-TOO-LARGE",
    path: file,
    message: `The model file would have ${byteLength} bytes; protobuf ends below 2147483648.`,
    hint: "Set externalFileName, so that large tensors go to a file of their own.",
  });
}

/** An attribute whose value does not go with its type, or that is given twice. */
export function attributeInvalid(at: Place, name: string, why: string): FormatError {
  return new FormatError({ code: "VX-IMPORT-ONNX-ATTRIBUTE", ...at, message: `Attribute ${quoted(name)} ${why}.`, hint: DAMAGED });
}

/** A TensorProto.DataType that this release does not know. */
export function unknownDataType(code: number, tensor: string, path: string | undefined): FormatError {
  return new FormatError({
    code: "VX-IMPORT-ONNX-DATA-TYPE",
    path,
    message: `Tensor ${quoted(tensor)} has the unknown data type ${code}; expected 1 to 28.`,
    hint: "Export the model for ONNX 1.23 or older.",
  });
}

/** A field that may occur once occurs again. */
export function duplicateField(at: Place, message: string, field: string): FormatError {
  return new FormatError({ code: "VX-IMPORT-ONNX-DUPLICATE", ...at, message: `${message} has the field ${field} twice.`, hint: DAMAGED });
}

/** `external_data` without a location, or with a bad number. */
export function externalInvalid(at: Place, tensor: string, why: string): FormatError {
  return new FormatError({
    code: "VX-IMPORT-ONNX-EXTERNAL",
    ...at,
    message: `External data of tensor ${quoted(tensor)} ${why}.`,
    hint: "Get the model and its data files again, all from one export.",
  });
}

/** External data of a model that was read from memory. */
export function externalWithoutFolder(location: string): FormatError {
  return new FormatError({
    code: "VX-IMPORT-ONNX-EXTERNAL-FOLDER",
    message: `The model was read from memory, so its external data ${quoted(location)} has no folder to be looked for in.`,
    hint: "Open the model by its path.",
  });
}

/** An IR version outside what this reader was written for. */
export function irVersion(path: string | undefined, version: number): FormatError {
  return new FormatError({
    code: "VX-IMPORT-ONNX-IR-VERSION",
    path,
    message: version === 0 ? "The model has no IR version; is this an ONNX file?" : `IR version ${version} is outside 3 to 14.`,
    hint: version > 14 ? "Export the model for ONNX 1.23 or older." : undefined,
  });
}

/** A pointer file of Git LFS in place of the model. */
export function lfsPointer(path: string | undefined): FormatError {
  return new FormatError({
    code: "VX-IMPORT-ONNX-LFS-POINTER",
    path,
    message: "This file is a Git LFS pointer, not the model.",
    hint: "Fetch the model with `git lfs pull`.",
  });
}

/** More of something than {@link OnnxLimits} allow. */
export function limitExceeded(at: Place, what: string, limit: number): FormatError {
  return new FormatError({
    code: "VX-IMPORT-ONNX-LIMIT",
    ...at,
    message: `More than ${limit} ${what}.`,
    hint: "Real models stay far below. Callers of the library can raise the limit for a file that is trusted.",
  });
}

/** A ModelProto without a graph. */
export function missingGraph(path: string | undefined): FormatError {
  return new FormatError({
    code: "VX-IMPORT-ONNX-NO-GRAPH",
    path,
    message: "The model has no graph; is this an ONNX file?",
    hint: DAMAGED,
  });
}

/** An integer outside what the field may hold. */
export function numberInvalid(at: Place, what: string, value: bigint | number): FormatError {
  return new FormatError({ code: "VX-IMPORT-ONNX-NUMBER", ...at, message: `${what} cannot be ${value}.`, hint: DAMAGED });
}

/** Element data that is given in more than one way, or in a field that does not go with the data type. */
export function tensorData(at: Place, tensor: string, why: string): FormatError {
  return new FormatError({ code: "VX-IMPORT-ONNX-TENSOR-DATA", ...at, message: `Tensor ${quoted(tensor)} ${why}.`, hint: DAMAGED });
}

/** Element data of another size than the shape and data type ask for. */
export function tensorSize(
  path: string | undefined,
  tensor: string,
  type: string,
  sizes: { expected: number; actual: number; unit: string },
): FormatError {
  return new FormatError({
    code: "VX-IMPORT-ONNX-TENSOR-SIZE",
    path,
    message: `Tensor ${quoted(tensor)} of type ${type} needs ${sizes.expected} ${sizes.unit}, but has ${sizes.actual}.`,
    hint: DAMAGED,
  });
}

/** A field that ends after the message that holds it. */
export function truncated(at: Place, what: string, end: number): FormatError {
  return new FormatError({
    code: "VX-IMPORT-ONNX-TRUNCATED",
    ...at,
    message: `${what} at byte ${at.offset} goes past byte ${end}, where its message ends.`,
    hint: "The file is cut short or damaged: fetch it again.",
  });
}

/** A name that is not UTF-8. */
export function utf8Invalid(at: Place): FormatError {
  return new FormatError({
    code: "VX-IMPORT-ONNX-UTF8",
    ...at,
    message: `The text at byte ${at.offset} is not valid UTF-8.`,
    hint: DAMAGED,
  });
}

/** Bytes that are not protobuf, or a field in another wire form than its type has. */
export function wireInvalid(at: Place, why: string): FormatError {
  return new FormatError({
    code: "VX-IMPORT-ONNX-WIRE",
    ...at,
    message: `At byte ${at.offset}: ${why}.`,
    hint: "The file is damaged or is not an ONNX model.",
  });
}
