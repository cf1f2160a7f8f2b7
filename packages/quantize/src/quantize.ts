import { cloneGraph, type Diagnostic, type Graph, GraphEditor, type OpRegistry } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";
import type { Plan, QuantGroup } from "@vlm-export/recipe";
import { calibrators } from "./calibrators/calibrators.js";
import type { RealRange } from "./calibrators/calibrator.js";
import { quantNoStatistics } from "./errors.js";
import { applyBias } from "./rewrite/apply-biases.js";
import { applyGroup } from "./rewrite/apply-groups.js";
import { applyKeep } from "./rewrite/apply-keeps.js";
import { applyWeight } from "./rewrite/apply-weights.js";
import type { RewriteSite } from "./rewrite/rewrite-site.js";
import { mergeStatistics, type Statistics } from "./statistics.js";

export interface QuantizeOptions {
  readonly ops: OpRegistry;
  readonly kernels: Kernels;
  readonly signal?: AbortSignal;
  progress?(done: number, total: number): void;
}

/** The frozen graph and what a report should say about it. */
export interface QuantizeResult {
  readonly graph: Graph;
  /** Warnings. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Executes the plan on a copy of its graph: integers, scales and zero points in the types of values. The plan's graph stays as it
 * is. Throws VX-QUANT-*.
 */
export async function quantize(plan: Plan, statistics: Statistics | undefined, options: QuantizeOptions): Promise<QuantizeResult> {
  const copy = cloneGraph(plan.graph);
  const edit = new GraphEditor(options.ops, copy.graph);
  const diagnostics: Diagnostic[] = [];
  const site: RewriteSite = {
    edit,
    copy,
    kernels: options.kernels,
    weights: new Map(),
    report: (diagnostic) => void diagnostics.push(diagnostic),
  };
  for (const group of plan.groups) applyGroup(site, group, rangeOf(group, statistics));
  for (const [i, weight] of plan.weights.entries()) {
    options.signal?.throwIfAborted();
    applyWeight(site, weight);
    options.progress?.(i + 1, plan.weights.length);
  }
  for (const bias of plan.biases) applyBias(site, bias);
  for (const keep of plan.keeps) applyKeep(site, keep);
  edit.settle();
  return { graph: copy.graph, diagnostics };
}

/** Real range of a static group; undefined for a dynamic one. */
function rangeOf(group: QuantGroup, statistics: Statistics | undefined): RealRange | undefined {
  const { request, fixedRange, observe } = group;
  if (request.mode === "dynamic") return undefined;
  if (fixedRange) return fixedRange;
  const seen = observe.map(({ name }) => {
    const found = statistics?.values.get(name);
    if (!found) throw quantNoStatistics(name);
    return found;
  });
  return calibrators[request.method.name].rangeOf(mergeStatistics(seen), request.method, {
    range: request.range,
    symmetric: request.symmetric,
  });
}
