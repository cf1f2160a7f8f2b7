import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import {
  type Artifact,
  type Backend,
  callHook,
  confirmFiles,
  type Decoded,
  openSite,
  pluginFiles,
  readPlugin,
  REJECTED_FOLDER,
  type TargetSite,
} from "@vlm-export/backend-api";
import { type Diagnostic, type Model, VxError } from "@vlm-export/ir";
import type { Accuracy, EngineReport } from "@vlm-export/schemas";
import { compareDecoded, type Proof } from "@vlm-export/verify";
import type { RunSite } from "../run-site.js";
import type { QuantizedModel } from "./quantize-model.js";
import { PLUGIN_FAULTS, runOnEngine } from "./run-on-engine.js";
import { runTarget } from "./run-target.js";

/** Everything that the report says of one target. */
export interface TargetOutcome {
  readonly status: "ok" | "refused" | "failed";
  readonly backend: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly artifact?: Artifact;
  readonly proof?: Proof;
  /** Absent where the artifact failed: its files are elsewhere then. */
  readonly decoded?: Decoded;
  readonly engine?: EngineReport;
  readonly accuracy?: Accuracy;
}

export interface ProveJob {
  readonly float: Model;
  readonly quantized: QuantizedModel;
  /** The output folder before it gets its name. */
  readonly staging: string;
}

/** check … verify of one target; its files are proven while the disk takes them, and on it when this resolves. A target that refuses or fails does not end the run of the others; an interrupt does. */
export async function proveTarget(run: RunSite, backend: Backend, job: ProveJob): Promise<TargetOutcome> {
  const dir = join(job.staging, backend.name);
  mkdirSync(dir, { recursive: true });
  const { request } = run;
  const before = readdirSync(job.staging);
  let site: TargetSite | undefined;
  try {
    site = openSite({
      backend,
      dir,
      tmpRoot: job.staging,
      options: request.recipe.targets.get(backend.name),
      ops: run.ops,
      environment: request.environment,
      ...(request.signal && { signal: request.signal }),
    });
    const { writer } = site;
    const outcome = await proven(run, site, job);
    removeStrays(backend, { staging: job.staging, before: [...before, basename(site.context.tmpDir)] });
    await run.clock.run("emit", () => writer.synced(), backend.name);
    return outcome;
  } catch (error) {
    await site?.writer.synced().catch(() => undefined);
    request.signal?.throwIfAborted();
    rmSync(dir, { recursive: true, force: true });
    return refusal(backend, error, site);
  } finally {
    site?.dispose();
  }
}

async function proven(run: RunSite, site: TargetSite, job: ProveJob): Promise<TargetOutcome> {
  const { backend, context } = site;
  const { request, clock, kernels } = run;
  const { model } = job.quantized;
  const artifact = await runTarget(site, { model, onLoss: request.recipe.onLoss, kernels, clock });
  const base = { backend: backend.name, artifact };
  if (request.verify === "none") return { ...base, status: "ok", diagnostics: site.diagnostics };
  const decoded = await clock.run("verify", () => callHook(site, "decode", () => backend.decode(artifact, context)), backend.name);
  const compared = (): Proof => compareDecoded(backend.name, model, decoded, artifact); // reads the files, by code of the plugin
  const proof = await clock.run("verify", () => readPlugin(site, "decode", compared), backend.name);
  confirmFiles(artifact);
  const diagnostics = [...site.diagnostics, ...proof.diagnostics];
  if (proof.diagnostics.length > 0) return { ...base, ...reject(artifact, job.staging), status: "failed", diagnostics, proof };
  if (request.verify === "decode") return { ...base, status: "ok", diagnostics, proof, decoded };
  const { engine, accuracy, findings } = await clock.run("verify", () => runOnEngine(run, site, artifact, job), backend.name);
  confirmFiles(artifact);
  const found = { diagnostics: [...diagnostics, ...findings], proof, engine };
  if (engine.status === "failed") return { ...base, ...reject(artifact, job.staging), status: "failed", ...found };
  return { ...base, status: "ok", ...found, decoded, ...(accuracy && { accuracy }) };
}

/** A plugin that wrote beside its artifact would make the output another than its manifest says. Throws VX-PLUGIN-FILES. */
function removeStrays({ name }: Backend, { staging, before }: { readonly staging: string; readonly before: readonly string[] }): void {
  const own = new Set([...before, REJECTED_FOLDER]);
  const strays = readdirSync(staging).filter((entry) => !own.has(entry));
  for (const stray of strays) rmSync(join(staging, stray), { recursive: true, force: true });
  if (strays.length > 0) throw pluginFiles(name, `${strays.join(", ")} was put beside its folder`);
}

/** Moves an artifact that failed out of its target's folder; the report says where. */
export function reject(artifact: Artifact, staging: string): { readonly artifact: Artifact } {
  const dir = join(staging, REJECTED_FOLDER, artifact.backend);
  if (artifact.dir === dir) return { artifact };
  mkdirSync(join(staging, REJECTED_FOLDER), { recursive: true });
  renameSync(artifact.dir, dir);
  return { artifact: { ...artifact, dir } };
}

/** Findings of the stages before emit refuse a target; a crash of the plugin or of its files fails it. */
function refusal(backend: Backend, error: unknown, site: TargetSite | undefined): TargetOutcome {
  if (!(error instanceof VxError)) throw error;
  const isFailure = error.kind === "verify" || PLUGIN_FAULTS.has(error.diagnostic.code);
  if (error.diagnostic.code.startsWith("VX-EMIT-")) throw error;
  const diagnostics = error.diagnostics.map((found) => ({ ...found, where: { ...found.where, backend: backend.name } }));
  return {
    status: isFailure ? "failed" : "refused",
    backend: backend.name,
    diagnostics: [...(site?.diagnostics ?? []), ...diagnostics],
  };
}
