import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ArtifactFile, OutputFile } from "@vlm-export/backend-api";
import { emitWrite, pluginFilePath } from "./errors.js";

/** Creates the files of one artifact inside `dir`, hashing and counting what is written; every file is synced on close. */
export interface ArtifactWriter {
  readonly dir: string;
  createFile(path: string): Promise<OutputFile>;
  /** Files closed so far, by path. */
  files(): readonly ArtifactFile[];
}

export function openArtifactWriter(backend: string, dir: string): ArtifactWriter {
  const closed: ArtifactFile[] = [];
  return {
    dir,
    files: () => closed.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    async createFile(path) {
      if (!isInside(path)) throw pluginFilePath(backend, path);
      const full = join(dir, path);
      const handle = await orCoded(full, async () => {
        mkdirSync(dirname(full), { recursive: true });
        return open(full, "wx");
      });
      return hashedFile(handle, full, (sizeBytes, sha256) => closed.push({ path, sizeBytes, sha256 }));
    },
  };
}

/** A relative POSIX path without `.`, `..`, empty segments, backslashes or NUL. */
function isInside(path: string): boolean {
  return (
    path.length > 0 && !/[\\\0:]/.test(path) && path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..")
  );
}

function hashedFile(handle: FileHandle, path: string, onClose: (sizeBytes: number, sha256: string) => void): OutputFile {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  return {
    async write(chunk) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      await orCoded(path, () => writeFully(handle, chunk));
    },
    async close() {
      await orCoded(path, () => handle.sync());
      await orCoded(path, () => handle.close());
      onClose(sizeBytes, hash.digest("hex"));
    },
  };
}

async function writeFully(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.byteLength; ) {
    const { bytesWritten } = await handle.write(chunk, offset, chunk.byteLength - offset);
    offset += bytesWritten;
  }
}

async function orCoded<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof Error && "syscall" in error) throw emitWrite(path, error);
    throw error;
  }
}
