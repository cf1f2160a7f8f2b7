import { rmSync } from "node:fs";
import { type Graph, type Model, VxError } from "@vlm-export/ir";
import { type OutlierReport, quantize, type Statistics } from "@vlm-export/quantize";
import { missingData, type Plan } from "@vlm-export/recipe";
import type { CalibrationFacts, LayerReport, Outlier } from "@vlm-export/schemas";
import { openStore, type Scratch } from "@vlm-export/store";
import type { RunSite } from "../run-site.js";
import { type Calibrated, calibratedPlan } from "./calibrate-plan.js";
import { measureLayers } from "./measure-layers.js";

/** Channels of one value that the report names. */
const REPORTED_CHANNELS = 32;

/** Integers up to this many bytes stay in memory; those of larger models lie in the page cache as well, where they cost the process nothing. */
const HELD_INTEGER_BYTES = 16 << 20;

/** The frozen model and how it came about. */
export interface QuantizedModel {
  readonly model: Model;
  /** What was done, by component: the plans that were given, less what calibration showed to be masks. */
  readonly plans: ReadonlyMap<string, Plan>;
  readonly calibration?: CalibrationFacts;
  readonly outliers: readonly Outlier[];
  /** Per-layer errors against float on ONNX Runtime, the worst first; measured once, when first asked for. */
  layers(): Promise<readonly LayerReport[]>;
  /** Removes what integers lie in files; call when nothing is emitted any more. */
  dispose(): Promise<void>;
}

/** calibrate → quantize, component by component. `scratchRoot` is a folder that may be made for integers of large models. */
export async function quantizeModel(
  run: RunSite,
  float: Model,
  plans: ReadonlyMap<string, Plan>,
  scratchRoot: string,
): Promise<QuantizedModel> {
  requireData(run, plans);
  const scratch = await openStore(scratchRoot).scratch();
  const dispose = async (): Promise<void> => {
    await scratch.dispose();
    rmSync(scratchRoot, { recursive: true, force: true });
  };
  try {
    const components = new Map<string, Graph>();
    const executed = new Map<string, Plan>();
    const outliers: Outlier[] = [];
    let calibration: CalibrationFacts | undefined;
    for (const [name, first] of plans) {
      const { plan, calibrated } = await calibratedPlan(run, float, { name, plan: first });
      if (calibrated) calibration = factsOf(run, calibrated);
      const statistics = calibrated?.statistics;
      const result = await run.clock.run("quantize", () => quantized(run, plan, { statistics, scratch }));
      for (const diagnostic of result.diagnostics) run.report(diagnostic);
      outliers.push(...result.outliers.map((outlier) => outlierOf(name, outlier)));
      components.set(name, result.graph);
      executed.set(name, plan);
    }
    const model: Model = { ...float, components };
    let layers: Promise<readonly LayerReport[]> | undefined;
    return {
      model,
      plans: executed,
      outliers,
      ...(calibration && { calibration }),
      layers: () => (layers ??= measureLayers(run, float, model)),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function requireData({ request }: RunSite, plans: ReadonlyMap<string, Plan>): void {
  const lacking = [...plans.values()].map((plan) => missingData(plan, request.recipe)).filter((found) => found !== undefined);
  if (lacking.length > 0) throw new VxError(lacking);
}

function quantized(
  { request, ops, kernels, workers }: RunSite,
  plan: Plan,
  { statistics, scratch }: { readonly statistics: Statistics | undefined; readonly scratch: Scratch },
): ReturnType<typeof quantize> {
  return quantize(plan, statistics, {
    ops,
    kernels,
    scratch,
    memoryBytes: HELD_INTEGER_BYTES,
    pool: workers,
    ...(request.signal && { signal: request.signal }),
    progress: (done, total) => request.onEvent?.({ kind: "stage-progress", stage: "quantize", done, total, unit: "weights" }),
  });
}

function outlierOf(component: string, { node, value, channels, sigma, split }: OutlierReport): Outlier {
  return { component, value, node, channels: channels.slice(0, REPORTED_CHANNELS), count: channels.length, sigma, split };
}

function factsOf({ request }: RunSite, { statistics: { samples, cached }, decoders }: Calibrated): CalibrationFacts {
  const { data = "", method, seed } = request.recipe.calibration;
  const imageDecoders = [...decoders].toSorted();
  return { data, samples, method: method.name, seed, reused: cached, ...(imageDecoders.length > 0 && { imageDecoders }) };
}
