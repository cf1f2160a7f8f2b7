import { join } from "node:path";
import { openSession, type Session } from "@vlm-export/backend-api";
import { type Model, VxError } from "@vlm-export/ir";
import { loadRecipe } from "@vlm-export/recipe";
import type { Manifest, ManifestTarget } from "@vlm-export/schemas";
import { type Accuracy, topOneAccuracy } from "@vlm-export/verify";
import type { FoundBackend } from "./discover.js";
import { stageClock } from "./events.js";
import { verifyManifest, verifyNoFloat, verifySource } from "./errors.js";
import { readManifest } from "./output-manifest.js";
import { type FloatReference, openFloat } from "./stages/float-session.js";
import { eachTold, type LabelledSet, labelledSamples } from "./stages/samples.js";
import { chosenBackends } from "./targets.js";
import { withTemporarySite } from "./temporary-site.js";
import { sourceFile } from "./source-file.js";
import { artifactOf, type VerifyOptions } from "./verify-output.js";
import { withNormalizedModel } from "./with-normalized-model.js";

export interface EvaluateOptions extends VerifyOptions {
  /** Labelled JSONL file, or a folder with a sub-folder for each class. */
  readonly data: string;
  /** JSON list of class names. */
  readonly labels?: string;
  /** The float model; default the one that the manifest names. */
  readonly model?: string;
  readonly limit?: number;
}

export interface EvaluatedTarget {
  readonly target: string;
  readonly accuracy?: Accuracy;
  /** Why it was not run. */
  readonly reason?: string;
}

/** Task accuracy of every artifact of an output folder and of the float model on the same samples. Throws VX-VERIFY-SOURCE when the source has changed. */
export async function evaluateOutput(dist: string, options: EvaluateOptions): Promise<readonly EvaluatedTarget[]> {
  const manifest = readManifest(dist);
  const modelPath = options.model ?? manifest.sources?.[0]?.path;
  if (modelPath === undefined) throw verifyManifest(dist, "it names no source model; give --model");
  const backends = chosenBackends(Object.keys(manifest.targets), options.backends);
  const { model: settings } = await loadRecipe(join(dist, "recipe.yaml"));
  return withNormalizedModel(modelPath, { shapes: settings.shapes, signal: options.signal }, async (float, ops) => {
    if (options.model === undefined) checkSources(float.sources, manifest.sources ?? []);
    const reference = await openFloat(float, { ops, signal: options.signal });
    if (!reference) throw verifyNoFloat();
    try {
      const samples = () => labelledSamples({ float, modelPath, image: settings.image, ...options });
      const clock = stageClock(options.onEvent);
      const results: EvaluatedTarget[] = [];
      for (const [target, { backend }] of backends) {
        const job = { dist, entry: manifest.targets[target] as ManifestTarget, backend, options, reference, samples };
        results.push({ target, ...(await clock.run("verify", () => evaluated(job), target)) });
      }
      return results;
    } finally {
      await reference.close();
    }
  });
}

/** Both lists are in the order in which the importer met the files. */
function checkSources(found: Model["sources"], recorded: NonNullable<Manifest["sources"]>): void {
  for (const [i, source] of found.entries()) {
    const before = recorded[i];
    const { path, sizeBytes } = source;
    if (sizeBytes !== before?.sizeBytes) throw verifySource(path, `${sizeBytes} bytes, but had ${before?.sizeBytes ?? 0}`);
    if (before.sha256 !== undefined && sourceFile(source).sha256 !== before.sha256) throw verifySource(path, "other bytes than");
  }
}

interface Job {
  readonly dist: string;
  readonly entry: ManifestTarget;
  readonly backend: FoundBackend["backend"];
  readonly options: EvaluateOptions;
  readonly reference: FloatReference;
  readonly samples: () => Promise<LabelledSet>;
}

async function evaluated({ dist, entry, backend, options, reference, samples }: Job): Promise<Omit<EvaluatedTarget, "target">> {
  const artifact = artifactOf(entry, dist);
  return withTemporarySite(backend, { artifact, options: entry.options }, options, async (site) => {
    let session: Session | undefined;
    try {
      session = await openSession(site, artifact);
      if (!session) return { reason: "this backend names no engine that runs here" };
      const labelled = await samples();
      const told = (done: number) =>
        options.onEvent?.({ kind: "stage-progress", stage: "verify", target: backend.name, done, total: labelled.size, unit: "samples" });
      return { accuracy: await topOneAccuracy(reference, session, eachTold(labelled, told)) };
    } catch (error) {
      if (error instanceof VxError && error.kind === "tool") return { reason: error.message };
      throw error;
    } finally {
      await session?.close();
    }
  });
}
