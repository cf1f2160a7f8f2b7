import { fileRange, fileTooLarge } from "./errors.js";

/** Bytes that are read when asked for. */
export interface ByteRange {
  readonly byteLength: number;
  /** The file and the offset in it that the range starts at, so that another thread can open it again; undefined for bytes in memory. */
  readonly origin: { readonly path: string; readonly offset: number } | undefined;
  /**
   * Bytes `begin` (default 0) up to `end` (default all), counted from the start of the range. The result starts at a
   * multiple of 8 in its buffer. Throws VX-IMPORT-FILE-RANGE, -CHANGED, -READ, -TOO-LARGE.
   */
  read(begin?: number, end?: number): Uint8Array;
  /** Fills `target` with the bytes from `begin` on. Throws as `read` does. */
  readInto(target: Uint8Array, begin: number): void;
  /** The part from `begin` up to `end`; reads nothing. Throws VX-IMPORT-FILE-RANGE. */
  slice(begin: number, end: number): ByteRange;
}

/** The size of one read when a range is walked, in bytes. */
export const WINDOW_BYTES: number = 8 * 1024 * 1024;

/** The bytes of a range in order, in windows of at most `windowBytes`. */
export function* windowsOf(range: ByteRange, windowBytes: number = WINDOW_BYTES): Generator<Uint8Array> {
  for (let begin = 0; begin < range.byteLength; begin += windowBytes) {
    yield range.read(begin, Math.min(begin + windowBytes, range.byteLength));
  }
}

/** A range over bytes that are in memory already; `read` copies only to align. */
export function memoryRange(bytes: Uint8Array): ByteRange {
  return {
    byteLength: bytes.byteLength,
    origin: undefined,
    read(begin = 0, end = bytes.byteLength) {
      checkBounds(undefined, begin, end, bytes.byteLength);
      const part = bytes.subarray(begin, end);
      return part.byteOffset % 8 === 0 ? part : new Uint8Array(part);
    },
    readInto(target, begin) {
      checkBounds(undefined, begin, begin + target.byteLength, bytes.byteLength);
      target.set(bytes.subarray(begin, begin + target.byteLength));
    },
    slice(begin, end) {
      checkBounds(undefined, begin, end, bytes.byteLength);
      return memoryRange(bytes.subarray(begin, end));
    },
  };
}

/** Throws VX-IMPORT-FILE-RANGE unless 0 ≤ begin ≤ end ≤ byteLength, all whole. */
export function checkBounds(path: string | undefined, begin: number, end: number, byteLength: number): void {
  const whole = Number.isSafeInteger(begin) && Number.isSafeInteger(end);
  if (!whole || begin < 0 || end < begin || end > byteLength) throw fileRange(path, begin, end, byteLength);
}

/** A new buffer of its own, not cleared. Throws VX-IMPORT-FILE-TOO-LARGE where it cannot be had. */
export function allocate(path: string | undefined, byteLength: number): Uint8Array<ArrayBuffer> {
  try {
    const buffer = Buffer.allocUnsafeSlow(byteLength);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch {
    throw fileTooLarge(path, byteLength);
  }
}
