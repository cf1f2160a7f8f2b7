import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { join } from "node:path";
import { type Artifact, callHook, type Decoded, isSystemError, readPlugin, valueKey } from "@vlm-export/backend-api";
import { type Diagnostic, VxError } from "@vlm-export/ir";
import type { ManifestTarget, ManifestTensor, Proof } from "@vlm-export/schemas";
import { verifyDecode } from "@vlm-export/verify";
import type { FoundBackend } from "./discover.js";
import { type EventSink, stageClock } from "./events.js";
import { verifyFile, verifyUnreadable } from "./errors.js";
import { readManifest } from "./output-manifest.js";
import { fingerprintOfDecoded } from "./report/manifest.js";
import { unknownTarget } from "./targets.js";
import { type TemporarySiteOptions, withTemporarySite } from "./temporary-site.js";

export interface VerifyOptions extends TemporarySiteOptions {
  readonly onEvent?: EventSink;
  readonly backends: ReadonlyMap<string, FoundBackend>;
}

/** Result of proving one artifact of an output folder again. */
export interface VerifiedTarget {
  readonly target: string;
  /** Absent when there is no backend for it, and when the files are not those that were proven or do not decode. */
  readonly proof?: Proof;
  readonly diagnostics: readonly Diagnostic[];
}

const REBUILD_HINT = "The artifact does not carry the integers of the frozen graph and must not be shipped; build it again.";

/**
 * Checks every file's hash, decodes every artifact and compares with the fingerprints of the frozen graph. Needs neither model nor recipe.
 * A target without a backend is not proven; where none has one, throws VX-PLUGIN-UNKNOWN-TARGET. Throws VX-VERIFY-MANIFEST, VX-EMIT-TEMPORARY.
 */
export async function verifyOutput(dist: string, options: VerifyOptions): Promise<readonly VerifiedTarget[]> {
  const { targets } = readManifest(dist);
  const { backends } = options;
  const unknown = Object.keys(targets).filter((target) => !backends.has(target));
  const absences = new Map(unknown.map((target) => [target, unknownTarget(target, backends).diagnostics]));
  if (unknown.length > 0 && unknown.length === Object.keys(targets).length) throw new VxError([...absences.values()].flat());
  const clock = stageClock(options.onEvent);
  const results: VerifiedTarget[] = [];
  for (const [target, entry] of Object.entries(targets)) {
    const backend = backends.get(target)?.backend;
    const verified = backend && clock.run("verify", () => verifyTarget({ target, entry, dist, backend, options }), target);
    results.push((await verified) ?? { target, diagnostics: absences.get(target) ?? [] });
  }
  return results;
}

interface Job {
  readonly target: string;
  readonly entry: ManifestTarget;
  readonly dist: string;
  readonly backend: FoundBackend["backend"];
  readonly options: VerifyOptions;
}

async function verifyTarget({ target, entry, dist, backend, options }: Job): Promise<VerifiedTarget> {
  const artifact = artifactOf(entry, dist);
  try {
    await checkFiles(artifact, (done, total) =>
      options.onEvent?.({ kind: "stage-progress", stage: "verify", target, done: megabytes(done), total: megabytes(total), unit: "MB" }),
    );
    const compared = await withTemporarySite(backend, { artifact, options: entry.options }, options, async (site) => {
      const decoded = await callHook(site, "decode", () => backend.decode(artifact, site.context));
      return readPlugin(site, "decode", () => compare(target, entry, decoded)); // reads the files, by code of the plugin
    });
    return { target, ...compared };
  } catch (error) {
    if (!(error instanceof VxError) || isOfThisMachine(error)) throw error;
    return { target, diagnostics: error.diagnostics };
  }
}

/** True for what says nothing of the artifact: its reader had no room to work in. */
function isOfThisMachine({ diagnostic }: VxError): boolean {
  return diagnostic.code.startsWith("VX-EMIT-");
}

/** The artifact as its manifest entry describes it. */
export function artifactOf(entry: ManifestTarget, dist: string): Artifact {
  return {
    backend: entry.backend,
    formatVersion: entry.formatVersion,
    dir: join(dist, entry.folder),
    files: entry.files,
    tensors: entry.tensors,
    losses: entry.losses ?? [],
  };
}

type FileEntry = ManifestTarget["files"][number];

/** `told` hears how many bytes of all have been read. */
async function checkFiles({ dir, files }: Artifact, told: (doneBytes: number, totalBytes: number) => void): Promise<void> {
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let done = 0;
  for (const file of files)
    await checkFile(join(dir, file.path), file, (byteLength) => {
      done += byteLength;
      told(done, total);
    });
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

async function checkFile(path: string, expected: FileEntry, read: (byteLength: number) => void): Promise<void> {
  try {
    await checkContent(path, expected, read);
  } catch (error) {
    throw isSystemError(error) ? verifyUnreadable(path, error) : error;
  }
}

async function checkContent(path: string, { sizeBytes, sha256 }: FileEntry, read: (byteLength: number) => void): Promise<void> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw verifyFile(path, "is missing");
  if (found.size !== sizeBytes) throw verifyFile(path, `has ${found.size} bytes, the manifest says ${sizeBytes}`);
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    read(chunk.byteLength);
  }
  if (hash.digest("hex") !== sha256) throw verifyFile(path, "has other bytes than when it was proven");
}

function compare(
  target: string,
  entry: ManifestTarget,
  decoded: Decoded,
): { readonly proof: Proof; readonly diagnostics: readonly Diagnostic[] } {
  const found = new Map(decoded.tensors.map((tensor) => [valueKey(tensor), tensor]));
  const reencodings: Record<string, number> = {};
  const diagnostics = entry.tensors.flatMap((expected): readonly Diagnostic[] => {
    for (const kind of expected.reencodings) reencodings[kind] = (reencodings[kind] ?? 0) + 1;
    const tensor = found.get(valueKey(expected));
    const difference = tensor ? differenceOf(expected, fingerprintOfDecoded(tensor)) : "is not in the artifact";
    if (difference === undefined) return [];
    return [verifyDecode(target, expected, difference, REBUILD_HINT)];
  });
  return {
    proof: { tensorsCompared: entry.tensors.length, tensorsDifferent: diagnostics.length, reencodings, decoder: decoded.decoder },
    diagnostics,
  };
}

function differenceOf(expected: ManifestTensor, found: ReturnType<typeof fingerprintOfDecoded>): string | undefined {
  const parts = [
    ["storage", "storage type"],
    ["intSha256", "integers"],
    ["scaleSha256", "scales"],
    ["zeroPointSha256", "zero points"],
  ] as const;
  const differing: string[] = parts.filter(([key]) => expected[key] !== found[key]).map(([, name]) => name);
  if (isElsewhere(expected.scaleShape, found.scaleShape)) differing.push("layout of scales");
  return differing.length > 0 ? `has other ${differing.join(", ")} than the frozen graph` : undefined;
}

/** Are several scales for other elements? A format may say nothing of that, or only in another rank. */
function isElsewhere(expected: readonly number[] | undefined, found: readonly number[] | undefined): boolean {
  return expected !== undefined && found !== undefined && expected.length === found.length && expected.join() !== found.join();
}
