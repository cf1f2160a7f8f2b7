import { cloneGraph, type Diagnostic, type Graph, GraphEditor, type OpRegistry, storedTensor } from "@vlm-export/ir";
import { createPool, type Kernels } from "@vlm-export/numerics";
import type { Plan, WeightPlan } from "@vlm-export/recipe";
import type { Scratch } from "@vlm-export/store";
import { staticRanges } from "./activation-ranges.js";
import { type Equalization, equalizationOf } from "./equalize/equalization.js";
import { quantScaleLimit } from "./errors.js";
import { mapLimited } from "./map-limited.js";
import { type OutlierReport, seenOutliers } from "./outlier-channels.js";
import { applyActivations } from "./rewrite/apply-activations.js";
import { applyEqualization } from "./rewrite/apply-equalization.js";
import { applyBiases } from "./rewrite/apply-biases.js";
import { applyWeights } from "./rewrite/apply-weights.js";
import { correctBiases } from "./rewrite/correct-biases.js";
import { keepHalf } from "./rewrite/keep-half.js";
import type { Rewrite } from "./rewrite/rewrite.js";
import { removeUnread } from "./rewrite/inside.js";
import { splitOutliers } from "./rewrite/split-outliers.js";
import type { Statistics } from "./statistics.js";
import { type IntegerConstant, integerHome } from "./weights/integer-constant.js";
import { scaleFloors } from "./weights/scale-floors.js";
import { quantizeWeight, type WeightPool, type WeightTools } from "./weights/quantize-weight.js";

/** Quantized weights up to this many bytes stay in memory. */
const DEFAULT_MEMORY_BYTES = 64 << 20;

export interface QuantizeOptions {
  readonly ops: OpRegistry;
  readonly kernels: Kernels;
  /** Reads and quantizes weights on other threads; default on this one. */
  readonly pool?: WeightPool;
  /** Weights in work at one time; default 2. */
  readonly concurrency?: number;
  /** Where integers beyond `memoryBytes` are kept until they are emitted; it must live as long as the result. */
  readonly scratch?: Scratch;
  readonly memoryBytes?: number;
  readonly signal?: AbortSignal;
  /** Weights done, all weights, and bytes read so far. */
  progress?(done: number, total: number, bytesRead: number): void;
}

export interface QuantizeResult {
  /** A new graph: integers in its constants, QuantSpecs in its types. */
  readonly graph: Graph;
  /** Channels above mean + 3σ of observed inputs, or above the σ of a split; the worst value first. */
  readonly outliers: readonly OutlierReport[];
  /** Warnings and notes. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Executes a plan: a copy of the plan's graph whose constants are integers and whose types say what they stand for. `statistics`
 * may be undefined when the plan needs no data. Throws VX-QUANT-*, VX-QUANT-NO-STATISTICS, and the signal's reason.
 */
export async function quantize(plan: Plan, statistics: Statistics | undefined, options: QuantizeOptions): Promise<QuantizeResult> {
  const { ops, kernels, pool = createPool({ threads: 0 }), scratch, memoryBytes = DEFAULT_MEMORY_BYTES } = options;
  const diagnostics: Diagnostic[] = [];
  const report = (finding: Diagnostic): void => void diagnostics.push(finding);
  const tools: WeightTools = { kernels, home: integerHome(memoryBytes, scratch), pool };
  const equalization = equalizationOf(plan, statistics);
  const ranges = staticRanges(plan.groups, equalization, { kernels, report });
  const floors = scaleFloors(plan.biases, ranges, kernels);
  const weights = await quantizeWeights(plan.weights, { tools, equalization, floors }, options);
  for (const weight of plan.weights) {
    const limited = weights.get(weight)?.limited;
    if (limited) report(quantScaleLimit(weight, limited));
  }
  const copy = cloneGraph(plan.graph);
  const edit = new GraphEditor(ops, copy.graph);
  const rewrite: Rewrite = { plan, edit, copy, tools, equalization, ranges, weights, replaced: new Set(), redirected: new Map(), report };
  const split = await splitOutliers(rewrite);
  applyEqualization(rewrite);
  await correctBiases(rewrite);
  applyWeights(rewrite);
  applyBiases(rewrite);
  applyActivations(rewrite);
  keepHalf(rewrite);
  removeUnread(edit);
  edit.settle();
  return { graph: edit.graph, outliers: worstFirst([...split, ...seenOutliers(plan, equalization, ops)]), diagnostics };
}

function worstFirst(outliers: readonly OutlierReport[]): readonly OutlierReport[] {
  return outliers.toSorted((a, b) => b.sigma - a.sigma);
}

interface WeightSite {
  readonly tools: WeightTools;
  readonly equalization: Equalization;
  readonly floors: ReadonlyMap<WeightPlan, Float32Array>;
}

async function quantizeWeights(
  plans: readonly WeightPlan[],
  { tools, equalization, floors }: WeightSite,
  { signal, progress, concurrency = 2 }: QuantizeOptions,
): Promise<ReadonlyMap<WeightPlan, IntegerConstant>> {
  const weights = new Map<WeightPlan, IntegerConstant>();
  let bytesRead = 0;
  await mapLimited(plans, concurrency, async (plan) => {
    signal?.throwIfAborted();
    const {
      value: { type },
      name,
      request,
    } = plan;
    const weight = equalization.weightOf(plan);
    const scaleFloor = floors.get(plan);
    weights.set(plan, await quantizeWeight({ value: { name, type }, ...weight, ...(scaleFloor && { scaleFloor }) }, request, tools));
    bytesRead += storedTensor(weight.data).byteLength;
    progress?.(weights.size, plans.length, bytesRead);
  });
  return weights;
}
