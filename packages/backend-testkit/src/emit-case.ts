import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Artifact,
  type Backend,
  callHook,
  checkGraph,
  openSite,
  quantizedValues,
  whyNotHeld,
  partitionByUnit,
  type Region,
  type TargetSite,
} from "@vlm-export/backend-api";
import { cloneGraph, type Graph, GraphEditor, type Model, type OpRegistry, runPasses } from "@vlm-export/ir";

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

/** legalize → partition → lower → emit into a temporary folder, as the host does it. */
export async function emitCase(kit: KitSite, model: Model): Promise<EmittedCase> {
  const { backend, ops, environment, signal } = kit;
  const root = mkdtempSync(join(tmpdir(), "vlm-export-kit-"));
  const dispose = (): void => rmSync(root, { recursive: true, force: true });
  try {
    const dir = join(root, "artifact");
    mkdirSync(dir);
    const site = openSite({ backend, dir, tmpRoot: root, options: undefined, ops, environment, ...(signal && { signal }) });
    const clone: Model = { ...model, components: new Map([...model.components].map(([name, graph]) => [name, legalized(kit, graph)])) };
    const regions = new Map(
      [...clone.components].map(([name, graph]): [string, readonly Region[]] => [name, regionsOf(backend, name, graph)]),
    );
    const target = await callHook(backend, "lower", () => backend.lower(clone, regions, site.context));
    const emitted = await callHook(backend, "emit", () => backend.emit(target, site.context));
    return { site, dispose, artifact: { losses: [], ...emitted, backend: backend.name, dir, files: site.writer.files() } };
  } catch (error) {
    dispose();
    throw error;
  }
}

function legalized({ backend, ops }: KitSite, graph: Graph): Graph {
  const edit = new GraphEditor(ops, cloneGraph(graph).graph);
  runPasses(edit, backend.legalize ?? [], { ops, report: () => undefined }, { checkInvariants: true });
  return edit.graph;
}

function regionsOf(backend: Backend, component: string, graph: Graph): readonly Region[] {
  const verdicts = checkGraph(component, graph, backend.capabilities.rules);
  return backend.partition ? backend.partition(graph, verdicts) : partitionByUnit(graph, verdicts);
}
