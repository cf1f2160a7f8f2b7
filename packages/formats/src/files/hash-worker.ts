import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

/** Entry point of a hashing thread: told how far the file has grown, it hashes up to there; told that the file has ended, it answers. */
export interface Growth {
  readonly end: number;
  readonly isLast: boolean;
}

const WINDOW_BYTES = 1 << 18;

const window = new Uint8Array(WINDOW_BYTES);
const hash = createHash("sha256");
const file = openSync(workerData as string, "r"); // the path, as hash-thread.ts gives it
let done = 0;

parentPort?.on("message", ({ end, isLast }: Growth) => {
  while (done < end) {
    const count = readSync(file, window, 0, Math.min(WINDOW_BYTES, end - done), done);
    if (count === 0) throw new Error(`the file has ${done} of the ${end} bytes that were written`);
    hash.update(window.subarray(0, count));
    done += count;
  }
  if (!isLast) return;
  closeSync(file);
  parentPort?.postMessage(hash.digest("hex"));
});
