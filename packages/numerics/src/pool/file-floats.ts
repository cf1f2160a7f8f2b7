import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { shortFile, unreadableFile } from "../errors.js";
import { type Factors, multiply } from "../factors.js";
import { floatsFromBytes } from "../floats.js";
import { type Floats, type Kernels, STAGE_LIMIT } from "../kernels.js";
import { NumericsError } from "../numerics-error.js";
import { MOST_PER_CALL } from "./most-per-call.js";
import type { FilePlace, FileRange, FloatFile } from "./tasks.js";

/** Small enough to stay in the cache between the read and the hash. */
const HASH_WINDOW = 1 << 18;

/**
 * The floats of `file`, read into the kernels' own memory when they fit there (valid until the next use of the window), else into a new
 * buffer. Throws VX-QUANT-SHORT-FILE when the file ends before, VX-QUANT-UNREADABLE-FILE when it cannot be opened.
 */
export function readFloats(kernels: Kernels, { path, offset, dtype, elementCount, factors }: FloatFile): Floats {
  const byteLength = elementCount * (dtype === "f32" ? 4 : 2);
  const bytes = byteLength <= STAGE_LIMIT ? kernels.stage(byteLength) : new Uint8Array(byteLength);
  withFile(path, (fd) => readFully(fd, bytes, { path, begin: offset, end: offset + byteLength }));
  const floats = floatsFromBytes(bytes, dtype);
  return factors ? multiplied(kernels, floats, factors) : floats;
}

function multiplied(kernels: Kernels, floats: Floats, factors: Factors): Float32Array {
  const values = floats instanceof Float32Array ? floats : kernels.toFloat32(floats);
  multiply(values, factors);
  return values;
}

/** `byteLength` bytes from a place on, in a new buffer. Throws as {@link readFloats} does. */
export function readBytes({ path, offset }: FilePlace, byteLength: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  withFile(path, (fd) => readFully(fd, bytes, { path, begin: offset, end: offset + byteLength }));
  return bytes;
}

/** Lower-case hex SHA-256 of a byte range, read in windows. Throws VX-QUANT-SHORT-FILE when the file ends before, VX-QUANT-UNREADABLE-FILE when it cannot be opened. */
export function sha256OfRange(kernels: Kernels, range: FileRange): string {
  const hash = createHash("sha256");
  withFile(range.path, (fd) => {
    for (let begin = range.begin; begin < range.end; begin += HASH_WINDOW) {
      const end = Math.min(begin + HASH_WINDOW, range.end);
      const window = kernels.stage(end - begin);
      readFully(fd, window, { path: range.path, begin, end });
      hash.update(range.widen ? kernels.toFloat32(floatsFromBytes(window, range.widen)) : window);
    }
  });
  return hash.digest("hex");
}

function withFile(path: string, use: (fd: number) => void): void {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    use(fd);
  } catch (cause) {
    throw cause instanceof NumericsError ? cause : unreadableFile(path, cause);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function readFully(fd: number, bytes: Uint8Array, { path, begin, end }: FileRange): void {
  if (!Number.isSafeInteger(begin) || begin < 0 || !Number.isSafeInteger(end)) throw shortFile(path, end - begin, 0);
  let done = 0;
  while (done < end - begin) {
    const count = readSync(fd, bytes, done, Math.min(bytes.length - done, MOST_PER_CALL), begin + done);
    if (count === 0) throw shortFile(path, end - begin, done);
    done += count;
  }
}
