import { readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { objectHeader, objectPayload, sha256Hex } from "./object-file.js";
import { openScratch, type Scratch } from "./scratch.js";
import { writeAtomic } from "./write-atomic.js";

/** A cache folder shared by any number of processes. A lost, cut or changed object is a miss, never an error. */
export interface Store {
  readonly folder: string;
  /** What was saved under `key`, or undefined. */
  load(key: string): Promise<Uint8Array | undefined>;
  /**
   * Keeps `bytes` under `key`, which must name everything that they were computed from. The newest save wins.
   * Returns false when the folder cannot be written: a cache that fails must not fail the run.
   */
  save(key: string, bytes: Uint8Array): Promise<boolean>;
  /**
   * Removes the objects that were not used for longest until at most `limitBytes` remain; other files in the folder are left alone. Returns
   * the bytes removed.
   */
  prune(limitBytes: number): Promise<number>;
  /** A folder for the intermediate files of one run; the caller disposes of it. */
  scratch(): Promise<Scratch>;
}

/** The store at `folder`, which is made when something is first written. */
export function openStore(folder: string): Store {
  const objects = join(folder, "objects");
  const pathOf = (key: string): string => {
    const name = sha256Hex(key);
    return join(objects, name.slice(0, 2), name);
  };
  return {
    folder,
    async load(key) {
      const path = pathOf(key);
      const file = await readFile(path).catch(() => undefined);
      const payload = file && objectPayload(file);
      if (payload) await utimes(path, new Date(), new Date()).catch(() => undefined);
      return payload;
    },
    async save(key, bytes) {
      return writeAtomic(pathOf(key), [objectHeader(bytes), bytes]).then(
        () => true,
        () => false,
      );
    },
    prune: (limitBytes) => prune(objects, limitBytes),
    scratch: () => openScratch(join(folder, "scratch")),
  };
}

/** Objects, and what a save that was killed leaves of one. */
const OWN_FILE = /^[0-9a-f]{64}(?:\.\d+-[0-9a-f-]+\.tmp)?$/;
const ABANDONED_MS = 3_600_000;

async function prune(objects: string, limitBytes: number): Promise<number> {
  const entries = await filesUnder(objects);
  entries.sort((a, b) => b.usedMs - a.usedMs);
  let kept = 0;
  let removed = 0;
  for (const { path, sizeBytes, usedMs } of entries) {
    const temporary = path.endsWith(".tmp");
    const stays = temporary ? Date.now() - usedMs < ABANDONED_MS : kept + sizeBytes <= limitBytes;
    if (stays) kept += sizeBytes;
    else {
      await rm(path, { force: true }).catch(() => undefined);
      removed += sizeBytes;
    }
  }
  return removed;
}

interface Entry {
  readonly path: string;
  readonly sizeBytes: number;
  readonly usedMs: number;
}

async function filesUnder(folder: string): Promise<Entry[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = names.filter((name) => name.isFile() && OWN_FILE.test(name.name)).map((name) => join(name.parentPath, name.name));
  const entries = await Promise.all(
    files.map((path) =>
      stat(path).then(
        (info) => ({ path, sizeBytes: info.size, usedMs: info.mtimeMs }),
        () => undefined,
      ),
    ),
  );
  return entries.filter((entry) => entry !== undefined);
}
