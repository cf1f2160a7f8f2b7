import type { Engine } from "@vlm-export/engine";
import type { Model, OpRegistry, TensorData } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";
import type { Plan } from "@vlm-export/recipe";
import type { Store } from "@vlm-export/store";
import { calEmpty } from "./errors.js";
import { covers, type Need, needsOf } from "./needs.js";
import { observedGraph } from "./observed/observed-graph.js";
import { ObservedRun } from "./observed/observed-run.js";
import { ValueObserver } from "./observers/value-observer.js";
import { mergedStatistics, type Statistics } from "./statistics.js";
import { loadStatistics, saveStatistics, statisticsKey } from "./statistics-cache.js";
import type { HistogramPool } from "./tensor-counter.js";

/** One input of the model. */
export interface CalibrationSample {
  /** For error messages, such as `calibration.jsonl:3`. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, TensorData>;
}

export interface CalibrateOptions {
  readonly engine: Engine;
  readonly ops: OpRegistry;
  readonly kernels: Kernels;
  readonly model?: Pick<Model, "metadata" | "opsets">;
  /** Counts histograms on other threads while the engine runs the next sample. */
  readonly pool?: HistogramPool;
  /** Keeps statistics by content of graph and samples: then the samples are gone through twice, first to hash them. */
  readonly store?: Store;
  readonly signal?: AbortSignal;
  progress?(samples: number): void;
}

/**
 * Runs the samples through the float graph once and gathers what every calibrator of the plan needs; nothing is run when the store
 * has it already, from whatever recipe. Throws VX-CAL-EMPTY, VX-CAL-NON-FINITE, VX-ENGINE-*, and the signal's reason.
 */
export async function calibrate(plan: Plan, samples: AsyncIterable<CalibrationSample>, options: CalibrateOptions): Promise<Statistics> {
  const { store, ops } = options;
  const needs = needsOf(plan, ops);
  if (!store) return observe(plan, samples, needs, options);
  const key = await statisticsKey(plan.graph, samples);
  const known = await loadStatistics(store, key);
  if (known && covers(known, needs)) return known;
  const statistics = await observe(plan, samples, needs, options);
  await saveStatistics(store, key, known ? mergedStatistics(known, statistics) : statistics);
  return statistics;
}

async function observe(
  plan: Plan,
  samples: AsyncIterable<CalibrationSample>,
  needs: readonly Need[],
  options: CalibrateOptions,
): Promise<Statistics> {
  const { engine, ops, model, kernels, signal, progress } = options;
  const observed = observedGraph(plan.graph, needs, ops);
  const observers = needs.map((need) => new ValueObserver(need, observed.scaled.get(need.value.name)?.output ?? need.value.name, options));
  const taps = observers.flatMap(({ tap, histogram }) => [
    { value: tap, kind: "range" as const },
    ...(histogram ? [{ value: tap, kind: "tensor" as const }] : []),
  ]);
  const source = { graph: observed.graph, ops, taps, ...(model && { model }) };
  const shareCores = observers.some(({ histogram }) => histogram !== undefined) && (options.pool?.threads ?? 0) > 0;
  const session = await engine.openGraph(source, { shareCores, ...(signal && { signal }) });
  const run = new ObservedRun(session, { observers, observed, outputs: plan.graph.outputs.map(({ name }) => name), kernels });
  let count = 0;
  try {
    for await (const sample of samples) {
      signal?.throwIfAborted();
      await run.add(sample);
      count += 1;
      progress?.(count);
    }
    await run.finish();
  } finally {
    await session.close();
  }
  if (count === 0) throw calEmpty();
  return { samples: count, ...run.result(), cached: false };
}
