import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { emitWrite, isSystemError } from "@vlm-export/backend-api";
import { emitFolderBusy, emitFolderForeign } from "./errors.js";

/** What manifest.json says wrote it. */
export const TOOL_NAME = "vlm-export";

/** A folder that appears under its final name complete, or not at all. */
export interface OutputFolder {
  /** Where files are written until {@link commit}. */
  readonly staging: string;
  /** Puts the staging folder under the final name, replacing an earlier output of this tool. */
  commit(): void;
  /** Removes all traces. Safe to call after commit. */
  abort(): void;
}

interface LockOwner {
  readonly pid: number;
  readonly host: string;
}

/**
 * Locks `folder` for this process, removes what a killed run left, and makes a staging folder beside it.
 * Throws VX-EMIT-FOLDER-BUSY, VX-EMIT-FOLDER-FOREIGN, VX-EMIT-WRITE.
 */
export function openOutputFolder(folder: string): OutputFolder {
  const target = resolve(folder);
  const parent = dirname(target);
  const prefix = `.${basename(target)}.vlm-export-`;
  return guarded(target, () => {
    mkdirSync(parent, { recursive: true });
    const lock = takeLock(join(parent, `${prefix}lock`), target);
    try {
      recover(parent, prefix, target);
      if (!isOurs(target)) throw emitFolderForeign(target);
      const staging = mkdtempSync(join(parent, prefix));
      return {
        staging,
        commit: () => guarded(target, () => swap(staging, target, lock)),
        abort: () => {
          rmSync(staging, { recursive: true, force: true });
          lock.release();
        },
      };
    } catch (error) {
      lock.release();
      throw error;
    }
  });
}

function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (isSystemError(error)) throw emitWrite(path, error);
    throw error;
  }
}

function swap(staging: string, target: string, lock: Lock): void {
  syncFolder(staging);
  const old = `${staging}.old`;
  if (existsSync(target)) renameSync(target, old);
  renameSync(staging, target);
  syncFolder(dirname(target));
  rmSync(old, { recursive: true, force: true });
  lock.release();
}

/** A kill between the two renames of {@link swap} leaves the earlier output as `.old`: it is put back. Leftover staging folders go. */
function recover(parent: string, prefix: string, target: string): void {
  const all = readdirSync(parent).filter((name) => name.startsWith(prefix));
  const drafts = all.filter((name) => name.startsWith(`${prefix}lock.`) && !isProcess(Number(name.slice(`${prefix}lock.`.length))));
  const leftovers = all.filter((name) => !name.startsWith(`${prefix}lock`));
  const old = leftovers.find((name) => name.endsWith(".old"));
  if (old && !existsSync(target)) renameSync(join(parent, old), target);
  for (const name of [...drafts, ...leftovers]) rmSync(join(parent, name), { recursive: true, force: true });
}

function isOurs(target: string): boolean {
  if (!existsSync(target)) return true;
  if (!statSync(target).isDirectory()) return false;
  if (readdirSync(target).length === 0) return true;
  try {
    const manifest = JSON.parse(readFileSync(join(target, "manifest.json"), "utf8")) as { readonly tool?: { readonly name?: unknown } };
    return manifest.tool?.name === TOOL_NAME;
  } catch {
    return false;
  }
}

interface Lock {
  release(): void;
}

/** The lock file appears complete by a hard link, so a reader never sees a half-written owner. */
function takeLock(path: string, target: string): Lock {
  const owner: LockOwner = { pid: process.pid, host: hostname() };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(owner));
  try {
    if (!linkIfAbsent(draft, path)) {
      const holder = readOwner(path);
      if (isAlive(holder)) throw emitFolderBusy(target, holder?.pid ?? 0, path);
      rmSync(path, { force: true });
      if (!linkIfAbsent(draft, path)) throw emitFolderBusy(target, readOwner(path)?.pid ?? 0, path);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  let held = true;
  return {
    release: () => {
      if (held) rmSync(path, { force: true });
      held = false;
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

function readOwner(path: string): LockOwner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as LockOwner;
  } catch {
    return undefined;
  }
}

/** An owner on another host counts as alive: only its user can know. */
function isAlive(owner: LockOwner | undefined): boolean {
  if (!owner || typeof owner.pid !== "number") return false;
  if (owner.host !== hostname()) return true;
  return isProcess(owner.pid);
}

/** True when a process of that id runs on this host. */
function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
