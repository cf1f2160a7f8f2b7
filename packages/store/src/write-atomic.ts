import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "./make-folder.js";

/**
 * Writes the parts to a temporary file beside `path`, then renames it: readers see the old file or the whole new one as long as the system
 * runs. It is not flushed to the disk: what a crash of the system cuts short, readers must know by its content. Throws the file
 * system's error, with the temporary file removed.
 */
export async function writeAtomic(path: string, parts: readonly Uint8Array[]): Promise<void> {
  makeFolder(dirname(path));
  const temporary = `${path}.${process.pid}-${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, "wx");
    try {
      for (const part of parts) await handle.writeFile(part);
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
