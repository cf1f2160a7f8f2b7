import { readdirSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Artifact } from "../backend.js";
import { pluginFiles } from "../errors.js";

/** Throws VX-PLUGIN-FILES where the artifact's folder lacks one of its files, has one of another size, or holds something else. */
export function confirmFiles({ backend, dir, files }: Artifact): void {
  const found = new Set(pathsIn(dir));
  for (const { path, sizeBytes } of files) {
    if (!found.delete(path)) throw pluginFiles(backend, `${JSON.stringify(path)} is not there any more`);
    const now = statSync(join(dir, path)).size;
    if (now !== sizeBytes) throw pluginFiles(backend, `${JSON.stringify(path)} has ${now} bytes, of which ${sizeBytes} were written`);
  }
  if (found.size > 0) throw pluginFiles(backend, `${[...found].join(", ")} was put there in another way`);
}

/** POSIX paths of all that is no folder. */
function pathsIn(dir: string): readonly string[] {
  const entries = statSync(dir, { throwIfNoEntry: false }) ? readdirSync(dir, { recursive: true, withFileTypes: true }) : [];
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join("/"));
}
