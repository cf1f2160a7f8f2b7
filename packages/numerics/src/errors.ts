import { NumericsError } from "./numerics-error.js";

/** Bounds of a histogram that no bin width follows from. */
export function histogramRange(lo: number, hi: number, bins: number): NumericsError {
  return new NumericsError({
    code: "VX-CAL-HISTOGRAM-RANGE",
    message: `A histogram of ${bins} bins over [${lo}, ${hi}] has no usable bin width: expected finite lo < hi, ${bins} / (hi - lo) finite in f32, and 1 to 65536 bins.`,
    hint: "Widen the range first; a constant activation has no histogram.",
  });
}

/** Two arrays that belong together differ in length, or an array does not have the length its view says. */
export function lengthMismatch(what: string, actual: number, expected: number): NumericsError {
  return new NumericsError({ code: "VX-QUANT-LENGTH", message: `${what} has ${actual} elements; expected ${expected}.` });
}

/** An integer operation was asked of a type that is not an integer. */
export function notAnInteger(dtype: string): NumericsError {
  return new NumericsError({ code: "VX-QUANT-NOT-AN-INTEGER", message: `${dtype} is not an integer type and has no integer range.` });
}

/** An integer range that the storage type does not hold. */
export function integerRangeInvalid(dtype: string, range: readonly [number, number]): NumericsError {
  return new NumericsError({
    code: "VX-QUANT-RANGE",
    message: `The integer range [${range[0]}, ${range[1]}] is not inside ${dtype}, or is empty, or leaves no steps on a side that is used.`,
    hint: "Use integerRange(storage, 'narrow') or 'wide'.",
  });
}

/** A file is shorter than the range asked of it, or the range is malformed. */
export function shortFile(path: string, expectedBytes: number, actualBytes: number): NumericsError {
  return new NumericsError({
    code: "VX-QUANT-SHORT-FILE",
    message: `${path}: read ${actualBytes} bytes of a range of ${expectedBytes} bytes.`,
    hint: "The file is truncated or the tensor's byte range is wrong.",
  });
}

/** A staging window larger than the kernels hold. */
export function stageTooLarge(byteLength: number, limit: number): NumericsError {
  return new NumericsError({
    code: "VX-QUANT-STAGE",
    message: `A staging window of ${byteLength} bytes was asked for; expected 0 to ${limit}.`,
  });
}

/** A file that cannot be opened or read. */
export function unreadableFile(path: string, cause: unknown): NumericsError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NumericsError({ code: "VX-QUANT-UNREADABLE-FILE", message: `${path} cannot be read: ${reason}.`, cause });
}

/** A file that results cannot be written to. */
export function unwritableFile(path: string, cause: unknown): NumericsError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NumericsError({
    code: "VX-QUANT-UNWRITABLE-FILE",
    message: `${path} cannot be written: ${reason}.`,
    hint: "Free space in that folder, or choose another one.",
    cause,
  });
}

/** A quantization view with extents that are not counts. */
export function viewInvalid(view: object): NumericsError {
  return new NumericsError({
    code: "VX-QUANT-VIEW",
    message: `The quantization view ${JSON.stringify(view)} is malformed: expected non-negative integers outer, axis, inner and blockSize of at least 1.`,
    hint: "Build views with tensorView, channelView or blockView.",
  });
}

/** A zero point outside the storage type. */
export function zeroPointOutOfRange(dtype: string, index: number, zeroPoint: number): NumericsError {
  return new NumericsError({ code: "VX-QUANT-ZERO-POINT", message: `zeroPoint[${index}] = ${zeroPoint} is outside ${dtype}.` });
}

/** The WASM kernels were not built, or do not load here. */
export function kernelsMissing(path: string, cause: unknown): NumericsError {
  return new NumericsError({
    code: "VX-TOOL-KERNELS-MISSING",
    message: `The compiled kernels ${path} do not load.`,
    hint: "Run `npm run build` (or node packages/numerics/scripts/build-wasm.mjs).",
    cause,
  });
}
