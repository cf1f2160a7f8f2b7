import type { Graph } from "@vlm-export/ir";
import type { Region } from "../backend.js";
import { pluginResult } from "../errors.js";
import { partitionByUnit } from "../partition.js";
import type { Verdict } from "../rules.js";
import { callHook } from "./call-hook.js";
import type { TargetSite } from "./open-site.js";

/** Regions of a component that hold each of its nodes once: the backend's own, or those of {@link partitionByUnit}. Throws VX-PLUGIN-*. */
export async function regionsOf(site: TargetSite, graph: Graph, verdicts: readonly Verdict[]): Promise<readonly Region[]> {
  const { backend } = site;
  const partition = backend.partition?.bind(backend);
  if (!partition) return partitionByUnit(graph, verdicts);
  const regions = await callHook(site, "partition", () => partition(graph, verdicts));
  const problem = coverageProblem(graph, regions);
  if (problem !== undefined) throw pluginResult(backend.name, "partition", problem);
  return regions;
}

function coverageProblem(graph: Graph, regions: readonly Region[]): string | undefined {
  const left = new Set(graph.nodes.map(({ name }) => name));
  const odd = regions.flatMap(({ nodes }) => nodes).find((name) => !left.delete(name));
  if (odd !== undefined) return `node ${JSON.stringify(odd)} is in two regions or not in the graph`;
  const [missing] = left;
  return missing === undefined ? undefined : `node ${JSON.stringify(missing)} is in no region`;
}
