import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { emitTemporary } from "./errors.js";
import { makeFolder } from "./make-folder.js";

/** A new empty folder in `root`, which is made when it is missing; its name begins with `prefix`. Throws VX-EMIT-TEMPORARY. */
export function makeTemporaryFolder(root: string, prefix: string): string {
  try {
    makeFolder(root);
    return mkdtempSync(join(root, prefix));
  } catch (error) {
    throw emitTemporary(root, error);
  }
}
