import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const PREFIX = ".vlm-export-";

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
  mkdirSync(root, { recursive: true });
  return mkdtempSync(join(root, PREFIX));
}

function sameSystem(folder: string, file: string): boolean {
  const [a, b] = [folder, file].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && a.dev === b?.dev;
}
