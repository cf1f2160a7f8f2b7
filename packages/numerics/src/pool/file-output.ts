import { closeSync, openSync, writeSync } from "node:fs";
import { unwritableFile } from "../errors.js";
import type { FloatType, Kernels } from "../kernels.js";
import { MOST_PER_CALL } from "./most-per-call.js";
import type { FilePlace } from "./tasks.js";

/** Writes all of `bytes` from a place of a file on. Throws VX-QUANT-UNWRITABLE-FILE. */
export function writeBytes({ path, offset }: FilePlace, bytes: Uint8Array): void {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r+");
    for (let done = 0; done < bytes.byteLength; )
      done += writeSync(fd, bytes, done, Math.min(bytes.byteLength - done, MOST_PER_CALL), offset + done);
  } catch (cause) {
    throw unwritableFile(path, cause);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Scales as they are stored: in `dtype`, in which they are exact. */
export function scaleBytes(kernels: Kernels, scale: Float32Array, dtype: FloatType): Uint8Array {
  const { buffer, byteOffset, byteLength } = dtype === "f32" ? scale : kernels.toHalf(scale, dtype);
  return new Uint8Array(buffer, byteOffset, byteLength);
}
