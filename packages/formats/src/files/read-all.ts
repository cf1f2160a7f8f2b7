import { readSync } from "node:fs";

/** The system reads less than 2 GiB in one call. */
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
