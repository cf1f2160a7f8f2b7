import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeFolder } from "@vlm-export/store";

const PREFIX = ".vlm-export-";
const OWNED = /^\.vlm-export-(\d+)-/;
/** A folder of a process that is gone is removed after this time: another container may share the folder but not the processes. */
const STALE_MS = 3_600_000;

/** Makes folders for models that an engine loads, and removes them: when asked, and at the end of the process at the latest. */
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
   * is the same system, else beside the file if that folder can be written.
   */
  make(file?: string): string {
    const usual = this.#root ?? tmpdir();
    makeFolder(usual);
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

function makeIn(root: string): string {
  removeStale(root);
  return mkdtempSync(join(root, `${PREFIX}${process.pid}-`));
}

/** Removes what killed processes left behind, as far as it may. */
function removeStale(root: string): void {
  for (const name of readdirSync(root)) {
    const owner = OWNED.exec(name)?.[1];
    const path = join(root, name);
    if (owner !== undefined && !isAlive(Number(owner)) && isOld(path)) tryRemove(path);
  }
}

function tryRemove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    return; // another user's
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
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
