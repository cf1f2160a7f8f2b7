import type { Model } from "@vlm-export/ir";
import type { Artifact, Emitted, LossEntry } from "../backend.js";
import { pluginListed, pluginUnlisted } from "../errors.js";
import { quantizedValues } from "../qparams.js";
import { valueKey } from "../value-key.js";
import { callHook } from "./call-hook.js";
import { confirmFiles } from "./confirm-files.js";
import type { TargetSite } from "./open-site.js";

/** What emit starts from. */
export interface EmitJob {
  /** The quantized model, not the backend's clone of it: each of its quantized values must be in the artifact, or lost. */
  readonly model: Model;
  /** What `lower` gave. */
  readonly target: unknown;
  /** What was lost before. */
  readonly losses: readonly LossEntry[];
}

/**
 * Runs emit: the artifact on disk, with every quantized value listed, not yet proven. Throws what {@link callHook} does, and
 * VX-PLUGIN-UNLISTED, VX-PLUGIN-LISTED, VX-PLUGIN-FILES.
 */
export async function emitArtifact(site: TargetSite, { model, target, losses }: EmitJob): Promise<Artifact> {
  const { backend, context, writer } = site;
  const { formatVersion, tensors, constants, ...emitted } = await callHook<Emitted>(site, "emit", () => backend.emit(target, context));
  writer.seal();
  const lost = [...losses, ...(emitted.losses ?? [])];
  checkListed(backend.name, model, { tensors, lost, constants });
  const artifact: Artifact = {
    backend: backend.name,
    formatVersion,
    dir: writer.dir,
    files: writer.files(),
    tensors: tensors.map(({ component, value, key, reencodings }) => ({ component, value, key, reencodings })),
    ...(constants && { constants: constants.map(({ component, value, key }) => ({ component, value, key })) }),
    losses: lost.map(plainLoss),
  };
  confirmFiles(artifact);
  return artifact;
}

/** With the fields of the contract only: it goes into manifest and report. */
function plainLoss({ component, value, reason, resolution, maxAbsError }: LossEntry): LossEntry {
  return { component, value, reason, resolution, ...(maxAbsError !== undefined && { maxAbsError }) };
}

interface Named {
  readonly component: string;
  readonly value: string;
}

/** What emit says of the graph's values. */
interface Listed {
  readonly tensors: readonly Named[];
  readonly lost: readonly Named[];
  readonly constants: readonly Named[] | undefined;
}

function checkListed(backend: string, model: Model, { tensors, lost, constants = [] }: Listed): void {
  const unlisted = missing(model, [...tensors, ...lost]);
  if (unlisted.length > 0) throw pluginUnlisted(backend, unlisted);
  for (const [list, named] of Object.entries({ tensors, losses: lost })) {
    const stranger = named.find(({ component, value }) => !model.components.get(component)?.value(value));
    if (stranger) throw pluginListed(backend, stranger, `names in \`${list}\` what the graph does not have`);
  }
  for (const [list, named] of Object.entries({ tensors, constants })) {
    const seen = new Set<string>();
    const again = named.find((each) => seen.size === seen.add(valueKey(each)).size);
    if (again) throw pluginListed(backend, again, `names twice in \`${list}\``);
  }
}

function missing(model: Model, listed: readonly Named[]): readonly Named[] {
  const keys = new Set(listed.map(valueKey));
  return [...model.components].flatMap(([component, graph]) =>
    quantizedValues(graph)
      .map(({ name }): Named => ({ component, value: name }))
      .filter((named) => !keys.has(valueKey(named))),
  );
}
