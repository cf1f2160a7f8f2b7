import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Model } from "@vlm-export/ir";
import type { Manifest } from "@vlm-export/schemas";
import { sha256Hex } from "@vlm-export/store";

/** Larger files are known by their size alone, so that their bytes are not read a second time. */
const HASHED_BYTES = 64 << 20;

/** A file of the model as a manifest names it, so that another one in its place is noticed. */
export function sourceFile({ path, sizeBytes }: Model["sources"][number]): NonNullable<Manifest["sources"]>[number] {
  const sha256 = sizeBytes <= HASHED_BYTES ? hashOf(path) : undefined;
  return { path: resolve(path), sizeBytes, ...(sha256 !== undefined && { sha256 }) };
}

/** Undefined for a file that cannot be read any more, which other checks are for. */
function hashOf(path: string): string | undefined {
  try {
    return sha256Hex(readFileSync(path));
  } catch {
    return undefined;
  }
}
