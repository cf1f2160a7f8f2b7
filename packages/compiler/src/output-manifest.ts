import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Manifest } from "@vlm-export/schemas";
import { verifyManifest } from "./errors.js";
import { manifestProblem } from "./manifest-check.js";

export interface OutputInspection {
  readonly manifest: Manifest;
  readonly targets: readonly {
    readonly name: string;
    readonly formatVersion: string;
    readonly tensors: number;
    readonly sizeBytes: number;
  }[];
}

/** What an output folder holds, by its manifest. Throws VX-VERIFY-MANIFEST. */
export function inspectOutput(dist: string): OutputInspection {
  const manifest = readManifest(dist);
  const targets = Object.entries(manifest.targets).map(([name, { formatVersion, tensors, files }]) => ({
    name,
    formatVersion,
    tensors: tensors.length,
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
  }));
  return { manifest, targets };
}

/** The checked manifest of an output folder. Throws VX-VERIFY-MANIFEST. */
export function readManifest(dist: string): Manifest {
  const path = join(dist, "manifest.json");
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw verifyManifest(path, error instanceof Error ? error.message : String(error));
  }
  const problem = manifestProblem(parsed);
  if (problem !== undefined) throw verifyManifest(path, problem);
  const stray = strayPath(parsed as Manifest);
  if (stray !== undefined) throw verifyManifest(path, stray);
  return parsed as Manifest;
}

/** Files that are judged lie in the folder of their target and nowhere else, whatever a manifest says. */
function strayPath({ targets }: Manifest): string | undefined {
  for (const [name, { folder, files }] of Object.entries(targets)) {
    if (folder !== name) return `targets.${name}.folder is ${JSON.stringify(folder)}, not ${JSON.stringify(name)}`;
    const stray = files.find(({ path }) => isAbsolute(path) || path.split(/[/\\]/).includes(".."));
    if (stray) return `targets.${name} names the file ${JSON.stringify(stray.path)}, which lies outside its folder`;
  }
  return undefined;
}
