import { readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

/** The system reads and writes less than 2 GiB in one call. */
const MOST_PER_CALL = 1 << 30;

/** Fills `target` from `position` of a file on; returns the number of bytes there were, fewer where the file ends before. Throws the system's error. */
export function readAll(descriptor: number, target: Uint8Array, position: number): number {
  for (let done = 0; done < target.byteLength; ) {
    const count = readSync(descriptor, target, done, Math.min(target.byteLength - done, MOST_PER_CALL), position + done);
    if (count === 0) return done;
    done += count;
  }
  return target.byteLength;
}

/** Writes all of `bytes` from `position` of a file on. Throws the system's error. */
export async function writeAll(handle: Pick<FileHandle, "write">, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(bytes.byteLength - done, MOST_PER_CALL), position + done);
    done += bytesWritten;
  }
}
