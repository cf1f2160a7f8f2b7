import { setImmediate } from "node:timers/promises";
import { type Engine, type EngineSession, type SampleSource, sourceArithmetic, type Tap, thinned, valueSizes } from "@vlm-export/engine";
import type { Diagnostic, Model, OpRegistry, TensorData } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";
import type { EqualizationPlan, Plan } from "@vlm-export/recipe";
import type { Store } from "@vlm-export/store";
import { counterSource } from "./counter-source.js";
import { type Columns, columnsOfNorm } from "./equalize/choose-factors.js";
import { calEmpty, calMapped, calThinned } from "./errors.js";
import { covers, type Need, needsOf } from "./needs.js";
import { observedGraph } from "./observed/observed-graph.js";
import { LOOK_SAMPLES, ObservedRun } from "./observed/observed-run.js";
import { ValueObserver } from "./observers/value-observer.js";
import { mergedStatistics, type Statistics } from "./statistics.js";
import { loadStatistics, saveStatistics, StatisticsKey } from "./statistics-cache.js";

/** One input of the model, and what messages say of it. */
export interface CalibrationSample extends SampleSource {
  readonly tensors: ReadonlyMap<string, TensorData>;
}

/** More threads would wait for the engine's copies. */
const MAX_COUNTING_THREADS = 4;

export interface CalibrateOptions {
  readonly engine: Engine;
  readonly ops: OpRegistry;
  readonly kernels: Kernels;
  readonly model?: Pick<Model, "metadata" | "opsets">;
  /** Threads that may count histograms between the runs; default 1, the engine's. */
  readonly threads?: number;
  /** Keeps statistics by content of graph and samples: then the samples are gone through twice, first to hash them. */
  readonly store?: Store;
  /** Called before statistics are kept; throws when the graph's data are no longer those that it was read from. */
  confirm?(): void;
  readonly signal?: AbortSignal;
  progress?(samples: number): void;
  report?(finding: Diagnostic): void;
}

/**
 * Runs the samples through the float graph once and gathers what every calibrator of the plan needs; nothing is run when the store
 * has it already, from whatever recipe that looked at the same values. Values of which `maskedValues` says that they are −∞ somewhere
 * have no range: plan again without them. Throws VX-CAL-EMPTY, VX-CAL-NON-FINITE, VX-ENGINE-*, and the signal's reason.
 */
export async function calibrate(plan: Plan, samples: AsyncIterable<CalibrationSample>, options: CalibrateOptions): Promise<Statistics> {
  const { store, ops, confirm } = options;
  const needs = needsOf(plan, ops);
  if (!store) return observe(plan, samples, needs, options);
  const asked = await keyOf(new StatisticsKey(plan.graph, needs), samples);
  const known = await loadStatistics(store, asked);
  if (known && covers(known, needs)) return known;
  const seen = new StatisticsKey(plan.graph, needs);
  const statistics = await observe(plan, eachFirst(samples, seen), needs, options);
  confirm?.();
  const key = seen.text();
  await saveStatistics(store, key, known && key === asked ? mergedStatistics(known, statistics) : statistics);
  return statistics;
}

async function keyOf(key: StatisticsKey, samples: AsyncIterable<CalibrationSample>): Promise<string> {
  for await (const sample of samples) key.add(sample);
  return key.text();
}

/** The samples, each first added to the key: files may change between the two times that they are read. */
async function* eachFirst(samples: AsyncIterable<CalibrationSample>, key: StatisticsKey): AsyncGenerator<CalibrationSample> {
  for await (const sample of samples) {
    key.add(sample);
    yield sample;
  }
}

/** The model is loaded once the first sample is read: one that is damaged is found before. */
async function observe(
  plan: Plan,
  samples: AsyncIterable<CalibrationSample>,
  needs: readonly Need[],
  options: CalibrateOptions,
): Promise<Statistics> {
  const { signal, progress } = options;
  let opened: Opened | undefined;
  let count = 0;
  try {
    for await (const sample of samples) {
      signal?.throwIfAborted();
      opened ??= await open(plan, sample, needs, options);
      await opened.run.add(sample);
      count += 1;
      progress?.(count);
    }
    if (!opened) throw calEmpty();
    return { samples: count, ...(await opened.run.finish()), cached: false };
  } finally {
    await opened?.session.close();
  }
}

interface Opened {
  readonly session: EngineSession;
  readonly run: ObservedRun;
}

/** Most elements of a value that a histogram counts in one sample: each lies in memory twice while it is fetched. */
const MAX_COUNTED = 2 ** 23;

/** `first`, the first sample, tells how large values are. */
async function open(plan: Plan, first: CalibrationSample, needs: readonly Need[], options: CalibrateOptions): Promise<Opened> {
  const { engine, ops, model, kernels, threads = 1, signal } = options;
  const observed = observedGraph(plan.graph, needs, ops);
  const observers = needs.map((need) => new ValueObserver(need, observed.scaled.get(need.value.name)?.output ?? need.value.name));
  const sizeOf = valueSizes(plan.graph, first.tensors, ops);
  const taps = observers.flatMap((observer) => tapsOf(observer, sizeOf(observer.need.value.name)));
  const held = observers.filter(({ need }) => need.histogram && need.norm).map(({ tap }) => tap);
  const own = new Set(plan.graph.outputs.map(({ name }) => name));
  const settings = {
    held,
    heldRuns: LOOK_SAMPLES,
    threads: Math.min(threads, MAX_COUNTING_THREADS),
    outputs: observed.graph.outputs.map(({ name }) => name),
  };
  const counter = taps.some(({ kind }) => kind === "tensor") ? { observer: counterSource(settings) } : {};
  const source = { graph: observed.graph, ops, taps, ...counter, ...(model && { model }) };
  const [session, columns] = await Promise.all([
    engine.openGraph(source, { arithmetic: sourceArithmetic(plan.graph), unreadable: "left-out", ...(signal && { signal }) }),
    columnsOfNorms(needs),
  ]);
  if (session.weights === "mapped") options.report?.(calMapped());
  const thin = taps.flatMap(({ value, every }) => (every === undefined ? [] : value));
  if (thin.length > 0) options.report?.(calThinned(thin, MAX_COUNTED));
  const outputs = session.outputs.map(({ name }) => name).filter((name) => own.has(name));
  return { session, run: new ObservedRun(session, { observers, observed, outputs, columns, kernels }) };
}

/**
 * A range, or all elements, which give it too. Of very many a part is counted, and the range taken beside it; but not of an equalized norm, whose
 * channels the counter scales.
 */
function tapsOf({ tap, need }: ValueObserver, elements: number | undefined): readonly Tap[] {
  const range: Tap = { value: tap, kind: "range" };
  if (!need.histogram) return [range];
  const every = need.norm ? undefined : thinned(elements, MAX_COUNTED);
  return every === undefined ? [{ value: tap, kind: "tensor" }] : [{ value: tap, kind: "tensor", every }, range];
}

/** Read norm by norm between other work of this thread: the engine loads the model meanwhile. */
async function columnsOfNorms(needs: readonly Need[]): Promise<Map<EqualizationPlan, readonly Columns[]>> {
  const columns = new Map<EqualizationPlan, readonly Columns[]>();
  for (const { norm } of needs) {
    if (!norm) continue;
    await setImmediate();
    columns.set(norm, columnsOfNorm(norm));
  }
  return columns;
}
