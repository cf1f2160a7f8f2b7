import { closeSync, openSync, statSync } from "node:fs";
import { readAll } from "@vlm-export/formats/files";
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
        const count = readAll(descriptor, bytes, begin);
        if (count < bytes.byteLength) throw new Error(`${path} ended at byte ${begin + count}, expected ${end}`);
      } finally {
        closeSync(descriptor);
      }
      return bytes;
    },
  };
}
