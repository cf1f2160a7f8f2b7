import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ArtifactFile, OutputFile } from "../backend.js";
import { FileSink, FormatError } from "@vlm-export/formats/files";
import { emitSink, emitWrite, isSystemError, pluginFilePath } from "../errors.js";

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
      const sink = await orCoded(full, async () => {
        mkdirSync(dirname(full), { recursive: true });
        return FileSink.create(full);
      });
      return {
        write: (chunk) => orCoded(full, () => sink.write(chunk)),
        close: async () => void closed.push({ path, ...(await orCoded(full, () => sink.close())) }),
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
