import type { EngineSession, RunResult } from "@vlm-export/engine";
import { elementCount, f32Tensor, type TensorData } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";
import type { CalibrationSample } from "./calibrate.js";
import { chooseFactors } from "./equalize/choose-factors.js";
import { precisionOf } from "./equalize/equalizable-norms.js";
import { calNonFinite } from "./errors.js";
import type { ChannelOutputs, ObservedGraph, ScaledOutput } from "./observed-graph.js";
import type { ValueObserver } from "./observers/value-observer.js";
import type { EqualizedStatistics, ValueStatistics } from "./statistics.js";
import { floatsOf, isKernelFloat } from "./weights/constant-floats.js";

/** What a run needs besides its session. */
export interface ObservedRunSite {
  readonly observers: readonly ValueObserver[];
  readonly observed: ObservedGraph;
  /** Names of the model's own outputs. */
  readonly outputs: readonly string[];
  readonly kernels: Kernels;
}

const NO_OUTPUTS: ChannelOutputs = { min: "", max: "", mean: "" };

/** A session and the observers that it feeds. Histograms of one sample are counted while the next one runs. */
export class ObservedRun {
  private readonly session: EngineSession;
  private readonly site: ObservedRunSite;
  /** Factors of equalized norms, by value. */
  private readonly factors = new Map<string, Float32Array>();
  private counted = "";

  constructor(session: EngineSession, site: ObservedRunSite) {
    this.session = session;
    this.site = site;
    for (const [name, { extent }] of site.observed.scaled) this.factors.set(name, new Float32Array(extent).fill(1));
  }

  /** Chooses the factors of all equalized norms from a first look at some samples. */
  async equalize(samples: readonly CalibrationSample[]): Promise<void> {
    const { observers, observed } = this.site;
    const spreads = new Map(
      [...observed.scaled].map(([name, { extent }]) => [name, { absmax: new Float32Array(extent), meanSquare: new Float32Array(extent) }]),
    );
    for (const sample of samples) {
      const result = await this.run(sample);
      for (const [name, spread] of spreads) addSpread(spread, result, observed.scaled.get(name) as ScaledOutput);
      this.recycle(result);
    }
    for (const { need } of observers) {
      const spread = spreads.get(need.value.name);
      if (need.norm && spread)
        this.factors.set(
          need.value.name,
          chooseFactors(need.norm, { ...spread, meanSquare: spread.meanSquare.map((sum) => sum / samples.length) }),
        );
    }
  }

  async add(sample: CalibrationSample): Promise<void> {
    const result = await this.run(sample);
    await this.settle();
    for (const observer of this.site.observers) this.addValue(observer, result, sample.name);
    this.counted = sample.name;
  }

  /** Waits for the histograms of the last sample. */
  async settle(): Promise<void> {
    for (const { histogram, need } of this.site.observers)
      if (histogram && !(await histogram.settle())) throw calNonFinite(need.value.name, this.counted, [Number.NaN, Number.NaN]);
  }

  /** What was seen, by value. */
  result(): { readonly values: ReadonlyMap<string, ValueStatistics>; readonly equalized: ReadonlyMap<string, EqualizedStatistics> } {
    const values = new Map<string, ValueStatistics>();
    const equalized = new Map<string, EqualizedStatistics>();
    for (const observer of this.site.observers) {
      const { value, norm } = observer.need;
      const factors = this.factors.get(value.name);
      if (norm && factors) equalized.set(value.name, { factors, precision: precisionOf(norm), seen: observer.result() });
      else values.set(value.name, observer.result());
    }
    return { values, equalized };
  }

  private async run({ name, tensors }: CalibrationSample): Promise<RunResult> {
    this.checkFinite(tensors.entries(), name);
    const { scaled } = this.site.observed;
    const inverses = [...scaled].map(([value, { input, extent }]): [string, TensorData] => {
      const factors = this.factors.get(value) as Float32Array;
      return [
        input,
        f32Tensor(
          factors.map((factor) => 1 / factor),
          [extent],
        ),
      ];
    });
    const result = await this.session.run(new Map([...tensors, ...inverses]));
    const outputs = this.site.outputs.map((output): [string, TensorData] => [output, result.outputs.get(output) as TensorData]);
    this.checkFinite(outputs, name);
    return result;
  }

  private addValue({ need, tap, range, histogram, channels, counter }: ValueObserver, result: RunResult, sample: string): void {
    const { name } = need.value;
    const tensor = result.tensors.get(tap);
    const extremes = extremesOf(result, tap);
    if (!extremes.every(Number.isFinite)) throw calNonFinite(name, sample, extremes);
    range.add(extremes);
    if (histogram && tensor)
      histogram.add(
        extremes,
        elementCount(tensor.shape),
        counter.count(tensor, (buffer) => this.session.recycle(buffer)),
      );
    for (const [axis, observer] of channels) {
      const outputs = this.site.observed.channels.get(name);
      const { min, max, mean } = outputs?.get(axis) ?? NO_OUTPUTS;
      observer.add(vectorOf(result, min), vectorOf(result, max), vectorOf(result, mean));
    }
  }

  private recycle({ tensors }: RunResult): void {
    for (const { buffer } of tensors.values()) this.session.recycle(buffer);
  }

  /** The engine's reductions pass over NaN: inputs and outputs are looked at whole. */
  private checkFinite(tensors: Iterable<readonly [string, TensorData]>, sample: string): void {
    for (const [name, tensor] of tensors) {
      if (!isKernelFloat(tensor.dtype) || elementCount(tensor.shape) === 0) continue;
      const { min, max, nanCount, infCount } = this.site.kernels.rangeOf(floatsOf(tensor));
      if (nanCount > 0) throw calNonFinite(name, sample, [Number.NaN, Number.NaN]);
      if (infCount > 0) throw calNonFinite(name, sample, [min, max]);
    }
  }
}

/** Least and greatest element of one run; [0, 0] of an empty tensor. */
function extremesOf({ ranges, tensors }: RunResult, tap: string): readonly [min: number, max: number] {
  const tensor = tensors.get(tap);
  const isEmpty = tensor !== undefined && elementCount(tensor.shape) === 0;
  return (isEmpty ? undefined : ranges.get(tap)) ?? [0, 0];
}

function addSpread(
  { absmax, meanSquare }: { readonly absmax: Float32Array; readonly meanSquare: Float32Array },
  result: RunResult,
  outputs: ScaledOutput,
): void {
  const [min, max, square] = [outputs.min, outputs.max, outputs.meanSquare].map((name) => vectorOf(result, name)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let k = 0; k < absmax.length; k += 1) {
    absmax[k] = Math.max(absmax[k] as number, -(min[k] as number), max[k] as number);
    meanSquare[k] = (meanSquare[k] as number) + (square[k] as number);
  }
}

function vectorOf({ outputs }: RunResult, name: string): Float32Array {
  return floatsOf(outputs.get(name) as TensorData) as Float32Array;
}
