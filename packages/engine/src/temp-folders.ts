import { readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { emitTemporary, HOST_TAG, isRunning, makeFolder, makeTemporaryFolder } from "@vlm-export/store";

const OWNED = /^\.vlm-export-(\d+)-(?:([0-9a-f]{8})-)?/;
/** A folder of another host, whose processes nobody here sees, is removed after this time. */
const STALE_MS = 3_600_000;

/**
 * Makes folders for models that an engine loads, and removes them: when asked, and at the end of the process at the latest. What a
 * killed process left goes when the next folder is made beside it.
 */
export class TempFolders {
  readonly #root: string | undefined;
  readonly #live = new Set<string>();
  readonly #onExit = (): void => this.removeAll();

  /** `root`: where the folders go; default the system's folder for temporary files. */
  constructor(root?: string) {
    this.#root = root;
    process.once("exit", this.#onExit);
  }

  /**
   * A new empty folder, on the file system of `file` if one is given, so that hard links to it work: in the usual place if that
   * is the same system, else beside the file if that folder can be written. Throws VX-EMIT-TEMPORARY.
   */
  make(file?: string): string {
    const usual = existing(this.#root ?? tmpdir());
    if (file === undefined || sameSystem(usual, file)) return this.#keep(makeIn(usual));
    try {
      return this.#keep(makeIn(dirname(file)));
    } catch {
      return this.#keep(makeIn(usual));
    }
  }

  remove(folder: string): void {
    rmSync(folder, { recursive: true, force: true });
    this.#live.delete(folder);
  }

  removeAll(): void {
    for (const folder of this.#live) this.remove(folder);
    process.off("exit", this.#onExit);
  }

  #keep(folder: string): string {
    this.#live.add(folder);
    return folder;
  }
}

/** The folder, made when it is missing: that of a path that is not there would be on no file system. */
function existing(folder: string): string {
  try {
    makeFolder(folder);
    return folder;
  } catch (error) {
    throw emitTemporary(folder, error);
  }
}

/** Names tell whose process on which host made the folder. */
function makeIn(root: string): string {
  removeLeftovers(root);
  return makeTemporaryFolder(root, `.vlm-export-${process.pid}-${HOST_TAG}-`);
}

/** Removes what killed processes left in the system's folder for temporary files, as far as it may; returns the paths. */
export function removeLeftovers(root: string = tmpdir()): readonly string[] {
  const leftovers = namesIn(root).filter((name) => isLeftover(root, name));
  return leftovers.map((name) => join(root, name)).filter(tryRemove);
}

/** None where the folder is missing or may not be read. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isLeftover(root: string, name: string): boolean {
  const [, owner, host] = OWNED.exec(name) ?? [];
  return owner !== undefined && !isRunning(Number(owner)) && (host === HOST_TAG || isOld(join(root, name)));
}

function tryRemove(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch {
    return false; // another user's
  }
}

function isOld(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs > STALE_MS;
}

function sameSystem(folder: string, file: string): boolean {
  const [a, b] = [folder, file].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && a.dev === b?.dev;
}
