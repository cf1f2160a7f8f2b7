import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder with those above it that are missing. Throws the file system's error: ENOTDIR when a file stands in the way, and what
 * `make` says of a folder that does not take new ones. Node's own recursive way asks a system that answers "no such folder" for a
 * folder that is there (Linux's /proc) again and again, for ever.
 */
export function makeFolder(path: string, make: (folder: string) => void = mkdirSync): void {
  for (const folder of missing(resolve(path))) makeOne(folder, make);
}

/** The folders to make, outermost first. */
function missing(folder: string): readonly string[] {
  const parent = dirname(folder);
  if (isFolder(folder)) return [];
  return statSync(parent, { throwIfNoEntry: false }) ? [folder] : [...missing(parent), folder];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function makeOne(folder: string, make: (folder: string) => void): void {
  try {
    make(folder);
  } catch (error) {
    if (!isFolder(folder)) throw error; // else another process made it meanwhile
  }
}
