import type { Need } from "../needs.js";
import type { ChannelStatistics, ValueStatistics } from "../statistics.js";
import { TensorCounter } from "../tensor-counter.js";
import { ChannelObserver } from "./channel-observer.js";
import { HistogramObserver } from "./histogram-observer.js";
import { RangeObserver } from "./range-observer.js";

/** The observers of one value: what its {@link Need} asks for. */
export class ValueObserver {
  readonly need: Need;
  /** Name of the value in the graph that is run: that of the scaled value for an equalized norm. */
  readonly tap: string;
  readonly range: RangeObserver = new RangeObserver();
  readonly histogram: HistogramObserver | undefined;
  readonly channels: ReadonlyMap<number, ChannelObserver>;
  readonly counter: TensorCounter;

  constructor(need: Need, tap: string, tools: ConstructorParameters<typeof TensorCounter>[0]) {
    const { histogram, channelAxes } = need;
    this.counter = new TensorCounter(tools);
    this.need = need;
    this.tap = tap;
    this.histogram = histogram ? new HistogramObserver() : undefined;
    this.channels = new Map([...channelAxes].map((axis) => [axis, new ChannelObserver()]));
  }

  result(): ValueStatistics {
    const channels = new Map<number, ChannelStatistics>([...this.channels].map(([axis, observer]) => [axis, observer.result()]));
    return {
      ...this.range.result(),
      ...(this.histogram && { histogram: this.histogram.result() }),
      ...(channels.size > 0 && { channels }),
    };
  }
}
