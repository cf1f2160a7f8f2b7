import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ArtifactFile, FileOptions, OutputFile } from "../backend.js";
import { FileSink, FormatError } from "@vlm-export/formats/files";
import { emitSink, emitWrite, isSystemError, pluginFilePath } from "../errors.js";

/** Creates the files of one artifact inside `dir`, hashing and counting what is written. */
export interface ArtifactWriter {
  readonly dir: string;
  createFile(path: string, options?: FileOptions): Promise<OutputFile>;
  /** Files closed so far, by path. */
  files(): readonly ArtifactFile[];
  /** Resolves when all of them are on disk. Throws VX-EMIT-*. */
  synced(): Promise<void>;
}

export function openArtifactWriter(backend: string, dir: string): ArtifactWriter {
  const closed: ArtifactFile[] = [];
  const syncs: (() => Promise<void>)[] = [];
  return {
    dir,
    files: () => closed.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    synced: async () => void (await Promise.all(syncs.map((synced) => synced()))),
    async createFile(path, { sizeBytes } = {}) {
      if (!isInside(path)) throw pluginFilePath(backend, path);
      const full = join(dir, path);
      const sink = await orCoded(full, async () => {
        mkdirSync(dirname(full), { recursive: true });
        return FileSink.create(full, sizeBytes === undefined ? {} : { sizeBytes });
      });
      return {
        write: (chunk) => orCoded(full, () => sink.write(chunk)),
        close: async () => {
          const { synced, ...summary } = await orCoded(full, () => sink.end());
          closed.push({ path, ...summary });
          syncs.push(() => orCoded(full, () => synced));
        },
      };
    },
  };
}

/** A relative POSIX path without `.`, `..`, empty segments, backslashes or NUL. */
function isInside(path: string): boolean {
  return (
    path.length > 0 && !/[\\\0:]/.test(path) && path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..")
  );
}

async function orCoded<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof FormatError) throw emitSink(error);
    if (isSystemError(error)) throw emitWrite(path, error);
    throw error;
  }
}
