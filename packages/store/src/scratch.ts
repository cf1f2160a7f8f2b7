import { randomUUID } from "node:crypto";
import { type FileHandle, open, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeAll } from "@vlm-export/formats/files";
import type { DType, FileLocation, TensorData } from "@vlm-export/ir";
import { quantScratchWrite } from "./errors.js";
import { fileTensor } from "./file-tensor.js";
import { makeFolder } from "./make-folder.js";
import { HOST_TAG, isRunning } from "./process-owner.js";

/** Files that live as long as one run: tensors too large to keep in memory until they are emitted. */
export interface Scratch {
  readonly folder: string;
  /** Appends the tensor's bytes to the run's file and returns a tensor that reads them from there. Throws VX-QUANT-SCRATCH-WRITE. */
  keep(dtype: DType, shape: readonly number[], parts: readonly Uint8Array[]): Promise<TensorData>;
  /** A range of the run's file, `byteLength` long, for the caller to fill. Throws VX-QUANT-SCRATCH-WRITE. */
  reserve(byteLength: number): Promise<FileLocation>;
  /** Bytes kept and reserved so far. */
  readonly sizeBytes: number;
  /** Removes the folder; tensors kept in it can no longer be read. Safe to call twice. */
  dispose(): Promise<void>;
}

/** Opens an empty scratch folder under `root`, after removing those of processes of this host that no longer run. */
export async function openScratch(root: string): Promise<Scratch> {
  await removeStale(root);
  const folder = join(root, `${HOST_TAG}-${process.pid}-${randomUUID().slice(0, 8)}`);
  const path = join(folder, "tensors.bin");
  let file: Promise<FileHandle> | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  let sizeBytes = 0;

  const append = async (parts: readonly Uint8Array[], offset: number): Promise<void> => {
    try {
      file ??= openNew(path);
      const handle = await file;
      let position = offset;
      for (const part of parts) {
        await writeAll(handle, part, position);
        position += part.byteLength;
      }
    } catch (error) {
      throw quantScratchWrite(path, error);
    }
  };

  return {
    folder,
    get sizeBytes() {
      return sizeBytes;
    },
    async keep(dtype, shape, parts) {
      const offset = sizeBytes;
      sizeBytes += parts.reduce((sum, part) => sum + part.byteLength, 0);
      const written = tail.then(() => append(parts, offset));
      tail = written.catch(() => undefined);
      await written;
      return fileTensor(dtype, shape, { path, offset });
    },
    async reserve(byteLength) {
      const offset = sizeBytes;
      sizeBytes += byteLength;
      await append([], offset);
      return { path, offset };
    },
    async dispose() {
      await tail;
      const handle = await file?.catch(() => undefined);
      file = undefined;
      await handle?.close();
      await rm(folder, { recursive: true, force: true }).catch(() => undefined); // the next run removes it
    },
  };
}

async function openNew(path: string): Promise<FileHandle> {
  makeFolder(dirname(path));
  return open(path, "wx");
}

async function removeStale(root: string): Promise<void> {
  const names = await readdir(root).catch(() => []);
  const stale = names.filter((name) => {
    const [host, pid] = name.split("-");
    return host === HOST_TAG && pid !== undefined && /^\d+$/.test(pid) && !isRunning(Number(pid));
  });
  await Promise.all(stale.map((name) => rm(join(root, name), { recursive: true, force: true }).catch(() => undefined)));
}
