import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { emitWrite, isSystemError, REJECTED_FOLDER } from "@vlm-export/backend-api";
import type { Diagnostic } from "@vlm-export/ir";
import type { Manifest, Report } from "@vlm-export/schemas";
import { isRunning, makeFolder, sha256Hex } from "@vlm-export/store";
import { emitFolderFixed, emitFolderForeign, emitFolderLeft } from "./errors.js";
import { takeLock } from "./folder-lock.js";

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
  /** A path beside it for a folder of what only this run needs. */
  readonly scratch: string;
  /** Puts the staging folder under the final name, replacing an earlier output of this tool; one that cannot be removed is a warning. */
  commit(): void;
  /** Removes all traces. Safe to call after commit. */
  abort(): void;
}

type Sink = (diagnostic: Diagnostic) => void;

/**
 * Locks `folder` for this process, removes what a killed run left, and makes a staging folder beside it. A link to a folder is
 * followed. `report` receives warnings. Throws VX-EMIT-FOLDER-BUSY, VX-EMIT-FOLDER-FIXED for the working folder or one above it too, VX-EMIT-FOLDER-FOREIGN, VX-EMIT-WRITE.
 */
export function openOutputFolder(folder: string, report: Sink = () => undefined): OutputFolder {
  const target = guarded(folder, () => targetOf(resolve(folder)));
  if (holdsWorkingFolder(target)) throw emitFolderFixed(target, "the command runs in it");
  const parent = dirname(target);
  const prefix = prefixFor(target);
  return guarded(target, () => {
    makeFolder(parent);
    const lock = takeLock(join(parent, `${prefix}lock`), target);
    try {
      recover({ parent, prefix, target, report });
      const problem = foreignIn(target);
      if (problem !== undefined) throw emitFolderForeign(target, problem);
      const staging = join(parent, `${prefix}${randomBytes(6).toString("hex")}`);
      const scratch = `${staging}.scratch`;
      if (existsSync(target)) tryMove(target, `${staging}.old`);
      mkdirSync(staging); // not mkdtemp, whose folders only their owner may read
      return {
        staging,
        scratch,
        commit: () => {
          const old = guarded(target, () => swap(staging, target));
          removeOrReport(old, report);
          lock.release();
        },
        abort: () => {
          for (const path of [staging, scratch]) rmSync(path, { recursive: true, force: true });
          lock.release();
        },
      };
    } catch (error) {
      lock.release();
      throw error;
    }
  });
}

/** Longest name of an output, in bytes, that the names beside it repeat: the shortest limit in use is 143 for a whole name. */
const MAX_NAME_BYTES = 100;

/** What the names of all files and folders that are made beside an output begin with. */
function prefixFor(target: string): string {
  const name = basename(target);
  const short = Buffer.byteLength(name) > MAX_NAME_BYTES ? sha256Hex(name).slice(0, 16) : name;
  return `.${short}.vlm-export-`;
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

/** A shell whose folder is replaced sees an empty one that is removed. */
function holdsWorkingFolder(target: string): boolean {
  const way = relative(target, realpathSync(process.cwd()));
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
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

/** Returns where the earlier output is now, if there was one. */
function swap(staging: string, target: string): string {
  syncFolder(staging);
  const old = `${staging}.old`;
  if (existsSync(target)) renameSync(target, old);
  renameSync(staging, target);
  syncFolder(dirname(target));
  return old;
}

interface Leftovers {
  readonly parent: string;
  readonly prefix: string;
  readonly target: string;
  readonly report: Sink;
}

/** A kill between the two renames of {@link swap} leaves the earlier output as `.old`: it is put back. Leftover staging folders go. */
function recover({ parent, prefix, target, report }: Leftovers): void {
  const all = readdirSync(parent).filter((name) => name.startsWith(prefix));
  const drafts = all.filter((name) => name.startsWith(`${prefix}lock.`) && !isRunning(Number(name.slice(`${prefix}lock.`.length))));
  const leftovers = all.filter((name) => !name.startsWith(`${prefix}lock`));
  const old = leftovers.find((name) => name.endsWith(".old"));
  if (old && !existsSync(target)) renameSync(join(parent, old), target);
  for (const name of [...drafts, ...leftovers]) removeOrReport(join(parent, name), report);
}

/** What is not needed any more is never a reason to fail. */
function removeOrReport(path: string, report: Sink): void {
  try {
    removeTree(path);
  } catch (error) {
    report(emitFolderLeft(path, error));
  }
}

/** Read-only folders in it do not keep it; a path that is not there is fine. */
function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    makeWritable(path);
    rmSync(path, { recursive: true, force: true });
  }
}

/** Lets the owner change the folder and those below it. */
function makeWritable(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return;
  chmodSync(path, stats.mode | 0o700);
  for (const name of readdirSync(path)) makeWritable(join(path, name));
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
    const known = new Set([...REPORT_FILES, ...artifacts, ...rejectedBefore(target)]);
    return (path) => known.has(path) || DESKTOP_FILES.has(basename(path));
  } catch {
    return () => false;
  }
}

/** Files of artifacts that failed, which no manifest names: those that the report in the folder says lie there. */
function rejectedBefore(target: string): readonly string[] {
  const path = join(target, "report.json");
  if (!existsSync(path)) return [];
  const { targets = {} } = JSON.parse(readFileSync(path, "utf8")) as Partial<Report>;
  return Object.values(targets)
    .flatMap(({ files }) => files.map((file) => file.path))
    .filter((file) => file.startsWith(`${REJECTED_FOLDER}/`));
}

/** Paths below the folder, with forward slashes. */
function* filesIn(folder: string, below = ""): Generator<string> {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    if (entry.isDirectory()) yield* filesIn(folder, `${below}${entry.name}/`);
    else yield `${below}${entry.name}`;
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
