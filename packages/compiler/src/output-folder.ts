import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { emitWrite, isSystemError } from "@vlm-export/backend-api";
import type { Manifest } from "@vlm-export/schemas";
import { isRunning, makeFolder } from "@vlm-export/store";
import { emitFolderBusy, emitFolderFixed, emitFolderForeign } from "./errors.js";
import { REJECTED_FOLDER } from "./stages/prove-target.js";

/** What manifest.json says wrote it. */
export const TOOL_NAME = "vlm-export";
/** Files beside the artifacts. */
const REPORT_FILES = ["manifest.json", "recipe.yaml", "report.json", "report.md"];
/** What desktops put into folders by themselves. */
const DESKTOP_FILES: ReadonlySet<string> = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

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
 * Locks `folder` for this process, removes what a killed run left, and makes a staging folder beside it. A link to a folder is
 * followed. Throws VX-EMIT-FOLDER-BUSY, VX-EMIT-FOLDER-FIXED, VX-EMIT-FOLDER-FOREIGN, VX-EMIT-WRITE.
 */
export function openOutputFolder(folder: string): OutputFolder {
  const target = guarded(folder, () => targetOf(resolve(folder)));
  const parent = dirname(target);
  const prefix = `.${basename(target)}.vlm-export-`;
  return guarded(target, () => {
    makeFolder(parent);
    const lock = takeLock(join(parent, `${prefix}lock`), target);
    try {
      recover(parent, prefix, target);
      const problem = foreignIn(target);
      if (problem !== undefined) throw emitFolderForeign(target, problem);
      const staging = join(parent, `${prefix}${randomBytes(6).toString("hex")}`);
      if (existsSync(target)) tryMove(target, `${staging}.old`);
      mkdirSync(staging); // not mkdtemp, whose folders only their owner may read
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

/** The folder itself, where `path` is a link to one. */
function targetOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  if (lstatSync(path, { throwIfNoEntry: false })) throw emitFolderForeign(path, "is a link to nothing");
  return path;
}

/** Moves a folder away and back: whether {@link swap} can replace it shall be known before the work, not after it. */
function tryMove(target: string, aside: string): void {
  try {
    renameSync(target, aside);
  } catch (error) {
    throw emitFolderFixed(target, error);
  }
  renameSync(aside, target);
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
  const drafts = all.filter((name) => name.startsWith(`${prefix}lock.`) && !isRunning(Number(name.slice(`${prefix}lock.`.length))));
  const leftovers = all.filter((name) => !name.startsWith(`${prefix}lock`));
  const old = leftovers.find((name) => name.endsWith(".old"));
  if (old && !existsSync(target)) renameSync(join(parent, old), target);
  for (const name of [...drafts, ...leftovers]) rmSync(join(parent, name), { recursive: true, force: true });
}

/** What keeps a folder from being replaced: it holds more than an earlier run wrote. Undefined when nothing does. */
function foreignIn(target: string): string | undefined {
  if (!existsSync(target)) return undefined;
  if (!statSync(target).isDirectory()) return "is a file";
  const written = writtenBefore(target);
  for (const path of filesIn(target)) if (!written(path)) return `holds ${path}, which vlm-export did not write`;
  return undefined;
}

/** Says of a path in the folder, with forward slashes, whether the run that left its manifest wrote it; all are foreign without one. */
function writtenBefore(target: string): (path: string) => boolean {
  try {
    const { tool, targets = {} } = JSON.parse(readFileSync(join(target, "manifest.json"), "utf8")) as Partial<Manifest>;
    if (tool?.name !== TOOL_NAME) return () => false;
    const artifacts = Object.values(targets).flatMap(({ folder, files }) => files.map(({ path }) => `${folder}/${path}`));
    const known = new Set([...REPORT_FILES, ...artifacts]);
    return (path) => known.has(path) || path.startsWith(`${REJECTED_FOLDER}/`) || DESKTOP_FILES.has(basename(path));
  } catch {
    return () => false;
  }
}

/** Paths below the folder, with forward slashes. */
function* filesIn(folder: string, below = ""): Generator<string> {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    if (entry.isDirectory()) yield* filesIn(folder, `${below}${entry.name}/`);
    else yield `${below}${entry.name}`;
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
  return isRunning(owner.pid);
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
