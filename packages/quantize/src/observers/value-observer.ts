import type { Histogram } from "../histogram.js";
import type { Need } from "../needs.js";
import type { AxisPart, ByAxis, ValueStatistics } from "../statistics.js";
import { RangeObserver } from "./range-observer.js";
import { MaximumObserver, MeanObserver } from "./vector-observers.js";

/** The observers of one value: what its {@link Need} asks for but the histogram, which the counter on the engine's thread makes. */
export class ValueObserver {
  readonly need: Need;
  /** Name of the value in the graph that is run: that of the scaled value for an equalized norm. */
  readonly tap: string;
  readonly range: RangeObserver = new RangeObserver();
  readonly means: ReadonlyMap<number, MeanObserver>;
  readonly maxima: ReadonlyMap<number, MaximumObserver>;
  readonly looks: ReadonlyMap<number, { readonly absmax: MaximumObserver; readonly meanSquare: MeanObserver }>;

  constructor(need: Need, tap: string) {
    this.need = need;
    this.tap = tap;
    this.means = new Map([...need.means].map((axis) => [axis, new MeanObserver()]));
    this.maxima = new Map([...need.maxima].map((axis) => [axis, new MaximumObserver()]));
    this.looks = new Map([...need.looks].map((axis) => [axis, { absmax: new MaximumObserver(), meanSquare: new MeanObserver() }]));
  }

  result(histogram: Histogram | undefined): ValueStatistics {
    return {
      ...this.range.result(),
      ...(histogram && { histogram }),
      ...resultsOf("means", this.means),
      ...resultsOf("maxima", this.maxima),
      ...resultsOf("looks", new Map([...this.looks].map(([axis, { absmax }]) => [axis, absmax]))),
    };
  }
}

function resultsOf(part: AxisPart, observers: ReadonlyMap<number, { result(): Float32Array }>): Partial<Record<AxisPart, ByAxis>> {
  return observers.size > 0 ? { [part]: new Map([...observers].map(([axis, observer]) => [axis, observer.result()])) } : {};
}
