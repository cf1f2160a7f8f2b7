import { createEngine, type Engine } from "@vlm-export/engine";
import type { Graph, Model } from "@vlm-export/ir";
import { calibrate, quantize, type Statistics } from "@vlm-export/quantize";
import { missingData, type Plan } from "@vlm-export/recipe";
import type { CalibrationFacts, LayerReport } from "@vlm-export/schemas";
import { VxError } from "@vlm-export/ir";
import type { RunSite } from "../run-site.js";
import { measureLayers } from "./measure-layers.js";
import { calibrationSamples } from "./samples.js";

/** The frozen model and how it came about. */
export interface QuantizedModel {
  readonly model: Model;
  readonly calibration?: CalibrationFacts;
  /** Per-layer errors against float on ONNX Runtime, the worst first; measured once, when first asked for. */
  layers(): Promise<readonly LayerReport[]>;
}

/** calibrate → quantize, component by component. */
export async function quantizeModel(run: RunSite, float: Model, plans: ReadonlyMap<string, Plan>): Promise<QuantizedModel> {
  const { request, clock } = run;
  const lacking = [...plans.values()].map((plan) => missingData(plan, request.recipe)).filter((found) => found !== undefined);
  if (lacking.length > 0) throw new VxError(lacking);
  const components = new Map<string, Graph>();
  let facts: CalibrationFacts | undefined;
  for (const [name, plan] of plans) {
    const statistics = plan.needsData ? await clock.run("calibrate", () => calibrated(run, float, plan)) : undefined;
    if (statistics) facts = factsOf(run, statistics);
    const { graph, diagnostics } = await clock.run("quantize", () =>
      quantize(plan, statistics, {
        ops: run.ops,
        kernels: run.kernels,
        ...(request.signal && { signal: request.signal }),
        progress: (done, total) => request.onEvent?.({ kind: "stage-progress", stage: "quantize", done, total, unit: "weights" }),
      }),
    );
    for (const diagnostic of diagnostics) run.report(diagnostic);
    components.set(name, graph);
  }
  const model: Model = { ...float, components };
  let layers: Promise<readonly LayerReport[]> | undefined;
  return {
    model,
    ...(facts && { calibration: facts }),
    layers: () => (layers ??= measureLayers(run, float, model)),
  };
}

async function calibrated(run: RunSite, float: Model, plan: Plan): Promise<Statistics> {
  const { request, ops, kernels } = run;
  const engine: Engine = await createEngine();
  try {
    const { samples } = request.recipe.calibration;
    return await calibrate(plan, await calibrationSamples(run, float), {
      engine,
      ops,
      kernels,
      model: float,
      ...(request.signal && { signal: request.signal }),
      progress: (done) => request.onEvent?.({ kind: "stage-progress", stage: "calibrate", done, total: samples, unit: "samples" }),
    });
  } finally {
    engine.close();
  }
}

function factsOf({ request }: RunSite, { samples, cached }: Statistics): CalibrationFacts {
  const { data = "", method, seed } = request.recipe.calibration;
  return { data, samples, method: method.name, seed, reused: cached };
}
