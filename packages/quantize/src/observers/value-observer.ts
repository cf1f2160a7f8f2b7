import type { Need } from "../needs.js";
import type { AxisPart, ByAxis, ValueStatistics } from "../statistics.js";
import { TensorCounter } from "../tensor-counter.js";
import { HistogramObserver } from "./histogram-observer.js";
import { RangeObserver } from "./range-observer.js";
import { MaximumObserver, MeanObserver } from "./vector-observers.js";

/** The observers of one value: what its {@link Need} asks for. */
export class ValueObserver {
  readonly need: Need;
  /** Name of the value in the graph that is run: that of the scaled value for an equalized norm. */
  readonly tap: string;
  readonly range: RangeObserver = new RangeObserver();
  readonly histogram: HistogramObserver | undefined;
  readonly means: ReadonlyMap<number, MeanObserver>;
  readonly maxima: ReadonlyMap<number, MaximumObserver>;
  readonly looks: ReadonlyMap<number, { readonly absmax: MaximumObserver; readonly meanSquare: MeanObserver }>;
  readonly counter: TensorCounter;

  constructor(need: Need, tap: string, tools: ConstructorParameters<typeof TensorCounter>[0]) {
    this.counter = new TensorCounter(tools);
    this.need = need;
    this.tap = tap;
    this.histogram = need.histogram ? new HistogramObserver() : undefined;
    this.means = new Map([...need.means].map((axis) => [axis, new MeanObserver()]));
    this.maxima = new Map([...need.maxima].map((axis) => [axis, new MaximumObserver()]));
    this.looks = new Map([...need.looks].map((axis) => [axis, { absmax: new MaximumObserver(), meanSquare: new MeanObserver() }]));
  }

  result(): ValueStatistics {
    return {
      ...this.range.result(),
      ...(this.histogram && { histogram: this.histogram.result() }),
      ...resultsOf("means", this.means),
      ...resultsOf("maxima", this.maxima),
      ...resultsOf("looks", new Map([...this.looks].map(([axis, { absmax }]) => [axis, absmax]))),
    };
  }
}

function resultsOf(part: AxisPart, observers: ReadonlyMap<number, { result(): Float32Array }>): Partial<Record<AxisPart, ByAxis>> {
  return observers.size > 0 ? { [part]: new Map([...observers].map(([axis, observer]) => [axis, observer.result()])) } : {};
}
