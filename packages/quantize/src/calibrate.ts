import type { Engine, EngineSession, RunResult } from "@vlm-export/engine";
import { elementCount, type Model, type OpRegistry, type TensorData } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";
import type { Plan } from "@vlm-export/recipe";
import type { Store } from "@vlm-export/store";
import { calEmpty, calNonFinite } from "./errors.js";
import { covers, type Need, needsOf } from "./needs.js";
import { type ObservedGraph, observedGraph } from "./observed-graph.js";
import { ValueObserver } from "./observers/value-observer.js";
import type { HistogramPool } from "./tensor-counter.js";
import { mergedStatistics, type Statistics } from "./statistics.js";
import { loadStatistics, saveStatistics, statisticsKey } from "./statistics-cache.js";
import { floatsOf, isKernelFloat } from "./weights/constant-floats.js";

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
  const needs = needsOf(plan, options.ops);
  const { store } = options;
  if (!store) return observe(plan, samples, needs, options);
  const key = await statisticsKey(plan.graph, samples);
  const known = await loadStatistics(store, key);
  if (known && covers(known, needs)) return { ...known, cached: true };
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
  const { engine, ops, model, signal, progress } = options;
  const observed = observedGraph(plan.graph, needs, ops);
  const observers = needs.map((need) => new ValueObserver(need, options));
  const taps = observers.flatMap(({ name, histogram }) => [
    { value: name, kind: "range" as const },
    ...(histogram ? [{ value: name, kind: "tensor" as const }] : []),
  ]);
  const source = { graph: observed.graph, ops, taps, ...(model && { model }) };
  const session = await engine.openGraph(source, signal ? { signal } : {});
  const run = new ObservedRun(session, { observers, observed, options });
  let count = 0;
  try {
    for await (const sample of samples) {
      signal?.throwIfAborted();
      await run.add(sample);
      count += 1;
      progress?.(count);
    }
    await run.settle();
  } finally {
    await session.close();
  }
  if (count === 0) throw calEmpty();
  return { samples: count, values: new Map(observers.map((observer) => [observer.name, observer.result()])), cached: false };
}

/** A session and the observers that it feeds. Histograms of one sample are counted while the next one runs. */
class ObservedRun {
  private readonly session: EngineSession;
  private readonly observers: readonly ValueObserver[];
  private readonly observed: ObservedGraph;
  private readonly options: CalibrateOptions;
  private counted: string | undefined;

  constructor(
    session: EngineSession,
    {
      observers,
      observed,
      options,
    }: { readonly observers: readonly ValueObserver[]; readonly observed: ObservedGraph; readonly options: CalibrateOptions },
  ) {
    this.session = session;
    this.observers = observers;
    this.observed = observed;
    this.options = options;
  }

  async add({ name, tensors }: CalibrationSample): Promise<void> {
    this.checkFinite(tensors, name);
    const result = await this.session.run(tensors);
    await this.settle();
    this.checkFinite(result.outputs, name);
    for (const observer of this.observers) this.addValue(observer, result, name);
    this.counted = name;
  }

  /** Waits for the histograms of the last sample. */
  async settle(): Promise<void> {
    for (const { histogram, name } of this.observers)
      if (histogram && !(await histogram.settle())) throw calNonFinite(name, this.counted ?? "", [Number.NaN, Number.NaN]);
  }

  private addValue({ name, range, histogram, channels, counter }: ValueObserver, result: RunResult, sample: string): void {
    const tensor = result.tensors.get(name);
    const extremes = result.ranges.get(name);
    const isEmpty = tensor !== undefined && elementCount(tensor.shape) === 0;
    const [min, max] = extremes && !isEmpty ? extremes : [0, 0];
    if (!Number.isFinite(min) || !Number.isFinite(max)) throw calNonFinite(name, sample, [min, max]);
    range.add([min, max]);
    if (histogram && tensor)
      histogram.add(
        [min, max],
        elementCount(tensor.shape),
        counter.count(tensor, (buffer) => this.session.recycle(buffer)),
      );
    for (const [axis, observer] of channels) {
      const outputs = this.observed.channels.get(name)?.get(axis);
      const read = (output: string | undefined): Float32Array => floatsOf(result.outputs.get(output ?? "") as TensorData) as Float32Array;
      observer.add(read(outputs?.min), read(outputs?.max), read(outputs?.mean));
    }
  }

  /** The engine's reductions pass over NaN: inputs and outputs are looked at whole. */
  private checkFinite(tensors: ReadonlyMap<string, TensorData>, sample: string): void {
    for (const [name, tensor] of tensors) {
      if (!isKernelFloat(tensor.dtype) || elementCount(tensor.shape) === 0) continue;
      const { min, max, nanCount, infCount } = this.options.kernels.rangeOf(floatsOf(tensor));
      if (nanCount > 0) throw calNonFinite(name, sample, [Number.NaN, Number.NaN]);
      if (infCount > 0) throw calNonFinite(name, sample, [min, max]);
    }
  }
}
