import {
  type Artifact,
  type Backend,
  callHook,
  emitArtifact,
  type LossEntry,
  partitionByUnit,
  privateModel,
  type Region,
  type TargetSite,
} from "@vlm-export/backend-api";
import { type Graph, GraphEditor, type Model, runPasses, VxError } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";
import type { StageClock } from "../events.js";
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
  const { backend, context, terms } = site;
  const { clock, model } = job;
  const target = backend.name;
  const clone = privateModel(model);
  const losses = await clock.run("check", () => holdOrLose(clone, backend, { ...job, site }), target);
  await clock.run("check", () => requireAccepted(clone, backend), target);
  await clock.run("legalize", () => callHook(backend, "legalize", () => legalize(clone, site), terms), target);
  await clock.run("check", () => requireAccepted(clone, backend), target);
  const regions = await clock.run("partition", () => callHook(backend, "partition", () => partition(clone, backend), terms), target);
  const lowered = await clock.run("lower", () => callHook(backend, "lower", () => backend.lower(clone, regions, context), terms), target);
  return clock.run("emit", () => emitArtifact(site, { model, target: lowered, losses }), target);
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

function partition(clone: Model, backend: Backend): ReadonlyMap<string, readonly Region[]> {
  const regionsOf = (name: string, graph: Graph): readonly Region[] => {
    const { verdicts } = checkComponent(backend, name, graph);
    return backend.partition ? backend.partition(graph, verdicts) : partitionByUnit(graph, verdicts);
  };
  return new Map([...clone.components].map(([name, graph]) => [name, regionsOf(name, graph)]));
}
