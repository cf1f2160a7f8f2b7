import path from "node:path";

/** A path that a file names: a relative one is joined to the file's folder. */
export function beside(file: string, target: string): string {
  return path.isAbsolute(target) ? target : path.join(path.dirname(file), target);
}

/** A path in one spelling for all systems; a folder's has no slash at its end. */
export function slashed(target: string): string {
  return path
    .normalize(target)
    .replaceAll(path.sep, "/")
    .replace(/(?<=[^/])\/$/, "");
}
