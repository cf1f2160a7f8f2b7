import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import {
  type Artifact,
  type Backend,
  callHook,
  checkGraph,
  emitArtifact,
  openSite,
  privateModel,
  quantizedValues,
  type Region,
  regionsOf,
  type TargetSite,
  whyNotHeld,
} from "@vlm-export/backend-api";
import { GraphEditor, type Model, type OpRegistry, runPasses } from "@vlm-export/ir";
import { ConformanceError } from "./conformance-error.js";

/** Folder of the artifact inside that of the case. */
const ARTIFACT = "artifact";

/** An emitted case and what it was emitted with. */
export interface EmittedCase {
  readonly artifact: Artifact;
  readonly site: TargetSite;
  dispose(): void;
}

export interface KitSite {
  readonly backend: Backend;
  readonly ops: OpRegistry;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** How long a hook may show no progress. */
  readonly idleMs: number;
}

/** Why the backend does not take the model: storage, granularity or a rule; undefined when it takes it. */
export function rejectionOf({ backend }: KitSite, model: Model): string | undefined {
  for (const [component, graph] of model.components) {
    const unheld = quantizedValues(graph)
      .map((value) => whyNotHeld(backend, value))
      .find((reason) => reason !== undefined);
    if (unheld !== undefined) return unheld;
    const rejected = checkGraph(component, graph, backend.capabilities.rules).find(({ verdict }) => verdict === "reject");
    if (rejected) return `${rejected.rule}: ${rejected.reason}`;
  }
  return undefined;
}

/** legalize → partition → lower → emit into a temporary folder, as the host does it. Throws where a file is there that the host did not write. */
export async function emitCase(kit: KitSite, model: Model): Promise<EmittedCase> {
  const { backend, ops, environment, signal, idleMs } = kit;
  const root = mkdtempSync(join(tmpdir(), "vlm-export-kit-"));
  const dir = join(root, ARTIFACT);
  mkdirSync(dir);
  let site: TargetSite | undefined;
  const dispose = (): void => {
    site?.dispose();
    rmSync(root, { recursive: true, force: true });
  };
  try {
    site = openSite({ backend, dir, tmpRoot: root, options: undefined, ops, environment, idleMs, ...(signal && { signal }) });
    const artifact = await emitted(kit, site, model);
    refuseStrays(root, site);
    return { site, dispose, artifact };
  } catch (error) {
    dispose();
    throw error;
  }
}

async function emitted(kit: KitSite, site: TargetSite, model: Model): Promise<Artifact> {
  const { backend, context } = site;
  const clone = privateModel(model);
  await callHook(site, "legalize", () => legalize(clone, kit));
  const regions = new Map<string, readonly Region[]>();
  for (const [name, graph] of clone.components)
    regions.set(name, await regionsOf(site, graph, checkGraph(name, graph, backend.capabilities.rules)));
  const target = await callHook(site, "lower", () => backend.lower(clone, regions, context));
  return emitArtifact(site, { model, target, losses: [] });
}

/** Names the files beside the artifact and the backend's temporary folder. */
function refuseStrays(root: string, { context }: TargetSite): void {
  const own = new Set([ARTIFACT, basename(context.tmpDir)]);
  const strays = readdirSync(root).filter((entry) => !own.has(entry));
  if (strays.length > 0) throw new ConformanceError(`files were written beside the artifact: ${strays.join(", ")}`);
}

function legalize({ components }: Model, { backend, ops }: KitSite): void {
  for (const graph of components.values())
    runPasses(new GraphEditor(ops, graph), backend.legalize ?? [], { ops, report: () => undefined }, { checkInvariants: true });
}
