import type { Diagnostic } from "@vlm-export/ir";
import type { Manifest, ManifestFile, ManifestTarget } from "@vlm-export/schemas";
import { verifyContradiction } from "./errors.js";
import type { RecordedRun, RecordedTarget } from "./recorded-run.js";

/**
 * Where a report says something else than the manifest beside it in `dist`, by target: one of them is of another run, or was changed. Nothing
 * where there is no report; what a report leaves out contradicts nothing.
 */
export function contradictions(dist: string, report: RecordedRun | undefined, manifest: Manifest): ReadonlyMap<string, Diagnostic> {
  if (report === undefined) return new Map();
  const entries = new Map(Object.entries(manifest.targets));
  const reported = new Map(Object.entries(report.targets ?? {}));
  const hashes = (["graphHash", "recipeHash"] as const).filter((key) => report[key] !== undefined && report[key] !== manifest[key]);
  const claimed = [...reported].filter(([, target]) => target?.status === "ok").map(([name]) => name);
  return new Map(
    [...new Set([...entries.keys(), ...claimed])].flatMap((name): readonly [string, Diagnostic][] => {
      const differing = [...hashes, ...differences(entries.get(name), reported.get(name))];
      return differing.length > 0 ? [[name, verifyContradiction(name, dist, differing)]] : [];
    }),
  );
}

/** What the two documents say differently of one target. */
function differences(entry: ManifestTarget | undefined, target: RecordedTarget | null | undefined): readonly string[] {
  if (!entry) return ["the target, which the manifest does not have"];
  if (!target) return ["the target, which the report does not have"];
  const files = entry.files.map((file) => ({ ...file, path: `${entry.folder}/${file.path}` }));
  const count = target.proof?.tensorsCompared;
  const isWhole = (entry.losses ?? []).length === 0;
  return [
    ...(target.files && fingerprint(target.files) !== fingerprint(files) ? ["the files"] : []),
    ...(isWhole && count !== undefined && count !== entry.tensors.length ? ["the number of tensors"] : []),
  ];
}

function fingerprint(files: readonly Partial<ManifestFile>[]): string {
  return JSON.stringify(files.map(({ path, sizeBytes, sha256 }) => JSON.stringify([path, sizeBytes, sha256])).sort());
}
