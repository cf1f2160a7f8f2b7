import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { TfliteBytes } from "@vlm-export/formats/tflite";

/** A file by ranges, opened for each of them, so that no descriptor outlives the reader. Throws the system's error. */
export function fileSource(path: string): TfliteBytes {
  const byteLength = statSync(path).size;
  return {
    byteLength,
    read(begin = 0, end = byteLength) {
      const bytes = new Uint8Array(end - begin);
      const descriptor = openSync(path, "r");
      try {
        for (let done = 0; done < bytes.byteLength; ) {
          const count = readSync(descriptor, bytes, done, bytes.byteLength - done, begin + done);
          if (count === 0) throw new Error(`${path} ended at byte ${begin + done}, expected ${end}`);
          done += count;
        }
      } finally {
        closeSync(descriptor);
      }
      return bytes;
    },
  };
}
