import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ArtifactFile, FileOptions, OutputFile } from "../backend.js";
import { FileSink, FormatError } from "@vlm-export/formats/files";
import { emitSink, emitWrite, isSystemError, pluginFilePath, pluginFiles } from "../errors.js";

/** Creates the files of one artifact inside `dir`, hashing and counting what is written. */
export interface ArtifactWriter {
  readonly dir: string;
  createFile(path: string, options?: FileOptions): Promise<OutputFile>;
  /** Files closed so far, by path. */
  files(): readonly ArtifactFile[];
  /** No file is created any more. Throws VX-PLUGIN-FILES where one is still open. */
  seal(): void;
  /** Resolves when all of them are on disk. Throws VX-EMIT-*. */
  synced(): Promise<void>;
}

export function openArtifactWriter(backend: string, dir: string): ArtifactWriter {
  const closed: ArtifactFile[] = [];
  const syncs: (() => Promise<void>)[] = [];
  const open = new Set<string>();
  const taken = new TakenPaths();
  let isSealed = false;
  return {
    dir,
    files: () => closed.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    seal() {
      isSealed = true;
      const [left] = open;
      if (left !== undefined) throw pluginFiles(backend, `${JSON.stringify(left)} was not closed`);
    },
    synced: async () => void (await Promise.all(syncs.map((synced) => synced()))),
    async createFile(path, { sizeBytes } = {}) {
      if (isSealed) throw pluginFilePath(backend, path, "was asked for after emit had ended");
      const problem = pathProblem(path) ?? taken.take(path);
      if (problem !== undefined) throw pluginFilePath(backend, path, problem);
      const full = join(dir, path);
      const sink = await orCoded(full, async () => {
        mkdirSync(dirname(full), { recursive: true });
        return FileSink.create(full, sizeBytes === undefined ? {} : { sizeBytes });
      });
      open.add(path);
      const used = async (action: () => Promise<void>): Promise<void> => {
        if (!open.has(path)) throw pluginFiles(backend, `${JSON.stringify(path)} was used after it was closed`);
        await orCoded(full, action);
      };
      return {
        write(chunk) {
          if (!ArrayBuffer.isView(chunk))
            throw pluginFiles(backend, `${JSON.stringify(path)} was given a ${typeof chunk} instead of bytes`);
          return used(() => sink.write(chunk));
        },
        close: () =>
          used(async () => {
            open.delete(path);
            const { synced, ...summary } = await sink.end();
            closed.push({ path, ...summary });
            syncs.push(() => orCoded(full, () => synced));
          }),
      };
    },
  };
}

/** Longest name of a file on common file systems. */
const MAX_NAME_BYTES = 255;

/** Why it is no relative POSIX path without `.`, `..`, empty segments, backslashes or NUL. */
function pathProblem(path: unknown): string | undefined {
  const segments = typeof path === "string" && !/[\\\0:]/.test(path) ? path.split("/") : [""];
  if (segments.some((segment) => segment === "" || segment === "." || segment === ".."))
    return "is not a relative POSIX path inside the artifact's folder";
  return segments.some((segment) => Buffer.byteLength(segment) > MAX_NAME_BYTES)
    ? `has a name of more than ${MAX_NAME_BYTES} bytes`
    : undefined;
}

/** Files and folders of an artifact. Case makes no difference, as on many disks that it may be copied to. */
class TakenPaths {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  /** Takes a path, or says why it cannot be taken. */
  take(path: string): string | undefined {
    const own = path.toLowerCase();
    const folders = own.split("/").map((_, i, parts) => parts.slice(0, i).join("/"));
    if (this.#files.has(own)) return "was asked for twice, upper and lower case counting as one";
    if (this.#folders.has(own) || folders.some((folder) => this.#files.has(folder))) return "is a folder and a file";
    this.#files.add(own);
    for (const folder of folders) this.#folders.add(folder);
    return undefined;
  }
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
