import { type EngineSession, type RunResult, runSample } from "@vlm-export/engine";
import { elementCount, f32Tensor, memoryTensor, type TensorData } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";
import type { EqualizationPlan } from "@vlm-export/recipe";
import type { CalibrationSample } from "../calibrate.js";
import type { Histograms, Scale } from "../counting/counter-messages.js";
import { chooseFactors, type Columns } from "../equalize/choose-factors.js";
import { precisionOf } from "../equalize/precision.js";
import { calNonFinite } from "../errors.js";
import { channelAxisOf } from "../needs.js";
import type { ValueObserver } from "../observers/value-observer.js";
import type { EqualizedStatistics, ValueStatistics } from "../statistics.js";
import { floatsOf, isKernelFloat } from "../weights/constant-floats.js";
import type { ObservedGraph } from "./observed-graph.js";
import { type Sighting, scaledSighting, sightingOf, vectorOf } from "./sighting.js";

/** Samples whose channels are looked at; the factors of equalized norms are chosen from them. */
export const LOOK_SAMPLES = 2;

/** What a run needs besides its session. */
export interface ObservedRunSite {
  readonly observers: readonly ValueObserver[];
  readonly observed: ObservedGraph;
  /** Names of the model's own outputs, as far as the engine gives them out. */
  readonly outputs: readonly string[];
  /** Channels of the weights behind norms that are equalized, until the factors are chosen; see `columnsOfNorm`. */
  readonly columns: Map<EqualizationPlan, readonly Columns[]>;
  readonly kernels: Kernels;
}

/**
 * A session and the observers that it feeds. What the first samples show of equalized norms is held back until their factors are
 * known, and scaled here and by the counter; later samples are scaled in the graph.
 */
export class ObservedRun {
  private readonly session: EngineSession;
  private readonly site: ObservedRunSite;
  /** Inverse factors of equalized norms, by value. */
  private readonly inverses = new Map<string, Float32Array>();
  private readonly held: { readonly sample: string; readonly sightings: ReadonlyMap<ValueObserver, Sighting> }[] = [];
  private samples = 0;

  constructor(session: EngineSession, site: ObservedRunSite) {
    this.session = session;
    this.site = site;
    for (const [name, { extent }] of site.observed.scaled) this.inverses.set(name, new Float32Array(extent).fill(1));
  }

  /** Throws VX-CAL-NON-FINITE, VX-ENGINE-*. */
  async add(sample: CalibrationSample): Promise<void> {
    const isLook = this.samples < LOOK_SAMPLES;
    const result = await this.run(sample, isLook);
    const sightings = new Map<ValueObserver, Sighting>();
    for (const observer of this.site.observers) {
      const seen = finite(observer, sightingOf(observer, result, this.site.observed), sample.name);
      if (isLook) this.look(observer, result);
      if (isLook && observer.need.norm) sightings.set(observer, seen);
      else this.observe(observer, seen);
    }
    this.check(new Map(this.site.outputs.map((output) => [output, result.outputs.get(output) as TensorData])), sample.name);
    if (isLook) this.held.push({ sample: sample.name, sightings });
    this.samples += 1;
    if (this.samples === LOOK_SAMPLES) await this.chooseFactors();
  }

  /** What was seen, by value; nothing more is added. */
  async finish(): Promise<{
    readonly values: ReadonlyMap<string, ValueStatistics>;
    readonly equalized: ReadonlyMap<string, EqualizedStatistics>;
  }> {
    if (this.samples > 0 && this.samples < LOOK_SAMPLES) await this.chooseFactors();
    const histograms = (await this.session.ask({ kind: "histograms" })) as Histograms | undefined;
    const values = new Map<string, ValueStatistics>();
    const equalized = new Map<string, EqualizedStatistics>();
    for (const observer of this.site.observers) {
      const { value, norm } = observer.need;
      const inverse = this.inverses.get(value.name);
      const seen = observer.result(histograms?.get(observer.tap));
      if (norm && inverse) equalized.set(value.name, { factors: inverse.map((factor) => 1 / factor), precision: precisionOf(norm), seen });
      else values.set(value.name, seen);
    }
    return { values, equalized };
  }

  private async chooseFactors(): Promise<void> {
    const { observers, columns } = this.site;
    for (const { need, looks } of observers) {
      const look = looks.get(channelAxisOf(need.value));
      if (!need.norm || !look) continue;
      const factors = chooseFactors(
        need.norm,
        { absmax: look.absmax.result(), meanSquare: look.meanSquare.result() },
        columns.get(need.norm),
      );
      this.inverses.set(
        need.value.name,
        factors.map((factor) => 1 / factor),
      );
    }
    columns.clear();
    for (const { sample, sightings } of this.held.splice(0))
      for (const [observer, seen] of sightings)
        this.observe(observer, finite(observer, scaledSighting(seen, this.inverses.get(observer.need.value.name) as Float32Array), sample));
    await this.scaleHeld();
  }

  private async scaleHeld(): Promise<void> {
    const factors = new Map<string, Float32Array>();
    for (const { need, tap } of this.site.observers) {
      const inverse = this.inverses.get(need.value.name);
      if (inverse) factors.set(tap, inverse);
    }
    const question: Scale = { kind: "scale", factors };
    if (factors.size > 0) await this.session.ask(question);
  }

  private async run(sample: CalibrationSample, isLook: boolean): Promise<RunResult> {
    const { name, tensors } = sample;
    this.check(tensors, name);
    const { scaled, lookInput } = this.site.observed;
    const own = [...scaled].map(([value, { input, extent }]): [string, TensorData] => [
      input,
      f32Tensor(this.inverses.get(value) as Float32Array, [extent]),
    ]);
    const flag: [string, TensorData][] =
      lookInput === undefined ? [] : [[lookInput, memoryTensor("bool", [], Uint8Array.of(isLook ? 1 : 0))]];
    const feeds = new Map([...tensors, ...own, ...flag]);
    return runSample(sample, "calibrate", () => this.session.run(feeds));
  }

  private look({ need: { value }, looks }: ValueObserver, result: RunResult): void {
    for (const [axis, { absmax, meanSquare }] of looks) {
      const outputs = this.site.observed.channels.get(value.name)?.looks.get(axis);
      if (!outputs) continue;
      absmax.add(vectorOf(result, outputs.min), vectorOf(result, outputs.max));
      meanSquare.add(vectorOf(result, outputs.meanSquare));
    }
  }

  private observe({ range, means, maxima }: ValueObserver, seen: Sighting): void {
    range.add(seen.range);
    for (const [axis, observer] of means) observer.add(seen.means.get(axis) as Float32Array);
    for (const [axis, observer] of maxima) {
      const { min, max } = seen.maxima.get(axis) as { readonly min: Float32Array; readonly max: Float32Array };
      observer.add(min, max);
    }
  }

  /**
   * The engine's reductions pass over NaN: inputs and outputs are looked at whole. They may be infinite, as masks and masked scores
   * are: the ranges themselves are looked at where they are taken.
   */
  private check(tensors: ReadonlyMap<string, TensorData>, sample: string): void {
    for (const [name, tensor] of tensors) {
      if (!isKernelFloat(tensor.dtype) || elementCount(tensor.shape) === 0) continue;
      const { nanCount } = this.site.kernels.rangeOf(floatsOf(tensor));
      if (nanCount > 0) throw calNonFinite(name, sample, [Number.NaN, Number.NaN]);
    }
  }
}

/** Throws VX-CAL-NON-FINITE when the value has a NaN or an infinity; −∞ alone is a mask, which whoever plans hears of. */
function finite({ need }: ValueObserver, seen: Sighting, sample: string): Sighting {
  const [min, max] = seen.range;
  const isMask = min === Number.NEGATIVE_INFINITY && max < Number.POSITIVE_INFINITY && !need.norm;
  if (!isMask && !need.mayOverflow && !(Number.isFinite(min) && Number.isFinite(max)))
    throw calNonFinite(need.value.name, sample, seen.range);
  return seen;
}
