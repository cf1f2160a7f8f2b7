import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { isSameRunning, type ProcessOwner, thisProcess } from "@vlm-export/store";
import { emitFolderBusy } from "./errors.js";

/** A lock that this process holds. */
export interface FolderLock {
  /** Removes the lock file; again, it does nothing. */
  release(): void;
}

/** Lock files of this process. */
const held = new Set<string>();

/**
 * Takes the lock file `path` of the folder `target`. It appears complete by a hard link, so a reader never sees a half-written owner. Throws
 * VX-EMIT-FOLDER-BUSY.
 */
export function takeLock(path: string, target: string): FolderLock {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(thisProcess()));
  try {
    if (!linkIfAbsent(draft, path)) {
      const holder = readOwner(path);
      if (isHeldBy(holder, path)) throw emitFolderBusy(target, holder?.pid ?? 0, path);
      rmSync(path, { force: true });
      if (!linkIfAbsent(draft, path)) throw emitFolderBusy(target, readOwner(path)?.pid ?? 0, path);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  held.add(path);
  let isReleased = false;
  return {
    release() {
      if (isReleased) return;
      isReleased = true;
      held.delete(path);
      rmSync(path, { force: true });
    },
  };
}

function linkIfAbsent(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readOwner(path: string): ProcessOwner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessOwner;
  } catch {
    return undefined;
  }
}

/**
 * An owner on another host counts as alive: only its user can know. One with the id of this process is this process or, in a container
 * that was killed and started again, the one before it.
 */
function isHeldBy(owner: ProcessOwner | undefined, path: string): boolean {
  if (!owner || typeof owner.pid !== "number") return false;
  if (owner.host !== hostname()) return true;
  return owner.pid === process.pid ? held.has(path) : isSameRunning(owner);
}
