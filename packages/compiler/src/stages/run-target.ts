import {
  type Artifact,
  type Backend,
  callHook,
  emitArtifact,
  type LossEntry,
  privateModel,
  type Region,
  regionsOf,
  type TargetSite,
} from "@vlm-export/backend-api";
import { GraphEditor, type Model, runPasses, VxError } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";
import type { StageClock } from "../events.js";
import { checkCapability } from "../errors.js";
import { capabilityFindings, checkComponent } from "./check-target.js";
import { fallBackToFloat } from "./fall-back.js";

export interface TargetJob {
  /** Frozen quantized model; never changed. */
  readonly model: Model;
  readonly onLoss: "refuse" | "fallback";
  readonly kernels: Kernels;
  readonly clock: StageClock;
}

/**
 * check → legalize → check → partition → lower → emit for one target, on a private clone: its files on disk, not yet proven. The rules
 * are asked again about what legalize made. Throws a VxError whose findings say why the target refuses the model, or VX-PLUGIN-*.
 */
export async function runTarget(site: TargetSite, job: TargetJob): Promise<Artifact> {
  const { backend, context } = site;
  const { clock, model, onLoss } = job;
  const target = backend.name;
  const clone = privateModel(model);
  const losses = await clock.run("check", () => holdOrLose(clone, backend, { ...job, site }), target);
  await clock.run("check", () => requireAccepted(clone, backend), target);
  await clock.run("legalize", () => callHook(site, "legalize", () => legalize(clone, site)), target);
  await clock.run("check", () => requireAccepted(clone, backend), target);
  const regions = await clock.run("partition", () => partition(clone, site), target);
  const lowered = await clock.run("lower", () => callHook(site, "lower", () => backend.lower(clone, regions, context)), target);
  const artifact = await clock.run("emit", () => emitArtifact(site, { model, target: lowered, losses }), target);
  if (onLoss === "refuse" && artifact.losses.length > 0)
    throw new VxError(artifact.losses.map(({ component, value, reason }) => checkCapability(target, component, value, reason)));
  return artifact;
}

function holdOrLose(
  clone: Model,
  backend: Backend,
  { onLoss, kernels, site }: TargetJob & { readonly site: TargetSite },
): readonly LossEntry[] {
  if (onLoss === "fallback")
    return [...clone.components].flatMap(([name, graph]) => fallBackToFloat(backend, name, graph, { ops: site.context.ops, kernels }));
  const findings = [...clone.components].flatMap(([name, graph]) => capabilityFindings(backend, name, graph));
  if (findings.length > 0) throw new VxError(findings);
  return [];
}

function requireAccepted(clone: Model, backend: Backend): void {
  const rejections = [...clone.components].flatMap(([name, graph]) => checkComponent(backend, name, graph).rejections);
  if (rejections.length > 0) throw new VxError(rejections);
}

function legalize(clone: Model, { backend, context }: TargetSite): void {
  const passContext = { ops: context.ops, report: context.report, ...(context.signal && { signal: context.signal }) };
  for (const graph of clone.components.values()) runPasses(new GraphEditor(context.ops, graph), backend.legalize ?? [], passContext);
}

async function partition(clone: Model, site: TargetSite): Promise<ReadonlyMap<string, readonly Region[]>> {
  const regions = new Map<string, readonly Region[]>();
  for (const [name, graph] of clone.components)
    regions.set(name, await regionsOf(site, graph, checkComponent(site.backend, name, graph).verdicts));
  return regions;
}
