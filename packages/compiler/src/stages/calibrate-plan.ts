import { createEngine } from "@vlm-export/engine";
import { confirmSources } from "@vlm-export/frontends";
import type { Model } from "@vlm-export/ir";
import { calibrate, maskedValues, type Statistics, suffices } from "@vlm-export/quantize";
import { type Plan, planModel } from "@vlm-export/recipe";
import { openStore } from "@vlm-export/store";
import type { RunSite } from "../run-site.js";
import { hashConstants } from "./hash-constants.js";
import { calibrationSamples } from "./samples.js";

/** What the cache of statistics may grow to; those unused for longest go first. */
const CACHE_BYTES = 1 << 30;

/** What was gathered from the calibration data. */
export interface Calibrated {
  readonly statistics: Statistics;
  /** Names and versions of what decoded its pictures. */
  readonly decoders: ReadonlySet<string>;
}

/** A plan with what it reads of the calibration data; nothing when it needs none. */
export interface CalibratedPlan {
  readonly plan: Plan;
  readonly calibrated: Calibrated | undefined;
}

/**
 * Gathers what the plan of one component needs. Values that turn out to be −∞ somewhere are masks that the graph alone did not show: it is
 * planned again without them, and calibrated again where that asks for more.
 */
export async function calibratedPlan(
  run: RunSite,
  float: Model,
  component: { readonly name: string; readonly plan: Plan },
): Promise<CalibratedPlan> {
  let { plan } = component;
  let gathered: Calibrated | undefined;
  const masked = new Set<string>();
  while (plan.needsData) {
    const current = plan;
    gathered = await run.clock.run("calibrate", () => gather(run, float, current));
    const known = masked.size;
    for (const value of maskedValues(gathered.statistics)) masked.add(value);
    if (masked.size === known) break;
    plan = replanned(run, float, { ...component, plan, masked });
    if (suffices(gathered.statistics, plan, run.ops)) break;
  }
  return { plan, calibrated: gathered };
}

function replanned(
  { request, ops, report }: RunSite,
  float: Model,
  { name, plan, masked }: { readonly name: string; readonly plan: Plan; readonly masked: ReadonlySet<string> },
): Plan {
  const next = planModel(float, request.recipe, { ops, masked }).get(name) as Plan;
  const told = new Set(plan.diagnostics.map(({ message }) => message));
  for (const diagnostic of next.diagnostics) if (!told.has(diagnostic.message)) report(diagnostic);
  return next;
}

async function gather(run: RunSite, float: Model, plan: Plan): Promise<Calibrated> {
  const { request, ops, kernels, workers, pool } = run;
  const engine = await createEngine();
  const store = request.cacheDir === undefined ? undefined : openStore(request.cacheDir);
  try {
    const samples = await calibrationSamples(run, float);
    if (store) await hashConstants([plan.graph], workers);
    const statistics = await calibrate(plan, samples, {
      engine,
      ops,
      kernels,
      model: float,
      threads: Math.max(1, workers.threads),
      ...(store && { store }),
      report: run.report,
      confirm: () => confirmSources(request.modelPath, pool),
      ...(request.signal && { signal: request.signal }),
      progress: (done) => request.onEvent?.({ kind: "stage-progress", stage: "calibrate", done, total: samples.size, unit: "samples" }),
    });
    if (store && !statistics.cached) await store.prune(CACHE_BYTES);
    return { statistics, decoders: samples.decoders };
  } finally {
    engine.close();
  }
}
