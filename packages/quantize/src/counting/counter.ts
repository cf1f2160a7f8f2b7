import type { FetchedTensor, TapObserver } from "@vlm-export/engine";
import { createKernels } from "@vlm-export/numerics";
import { scaleColumns } from "../equalize/scaled-weight.js";
import { wideFloatsOf } from "../weights/constant-floats.js";
import type { CounterQuestion, CounterSettings, Histograms, Scale, SeenRanges } from "./counter-messages.js";
import { scratchCounts, ValueCounts } from "./value-counts.js";

/** Observes tap tensors on the engine's thread: counts each value's elements in a histogram that covers all runs. */
class Counter implements TapObserver {
  readonly #kernels = createKernels();
  readonly #scratch = scratchCounts();
  readonly #counts = new Map<string, ValueCounts>();
  readonly #held: { readonly value: string; readonly floats: Float32Array }[] = [];
  readonly #settings: CounterSettings;
  #runs = 0;

  constructor(settings: CounterSettings) {
    this.#settings = settings;
  }

  async observe(tensors: ReadonlyMap<string, FetchedTensor>): Promise<SeenRanges> {
    const holds = this.#runs < this.#settings.heldRuns ? this.#settings.held : [];
    this.#runs += 1;
    return new Map([...tensors].map(([value, tensor]) => [value, this.#see(value, tensor, holds.includes(value))]));
  }

  async answer(question: unknown): Promise<Histograms | undefined> {
    const asked = question as CounterQuestion; // calibrate asks nothing else
    if (asked.kind === "scale") return this.#release(asked);
    return new Map([...this.#counts].map(([value, counts]) => [value, counts.result()]));
  }

  async close(): Promise<void> {}

  /** A held tensor is copied: its memory may leave this thread as an output. */
  #see(value: string, tensor: FetchedTensor, isHeld: boolean): readonly [min: number, max: number] {
    const floats = wideFloatsOf(tensor, this.#kernels);
    if (!isHeld) return this.#countsOf(value).add(floats);
    this.#held.push({ value, floats: floats.slice() });
    return new ValueCounts(this.#kernels, this.#scratch).add(floats);
  }

  #release({ factors }: Scale): undefined {
    for (const { value, floats } of this.#held.splice(0)) {
      scaleColumns(floats, factors.get(value) as Float32Array);
      this.#countsOf(value).add(floats);
    }
  }

  #countsOf(value: string): ValueCounts {
    const known = this.#counts.get(value) ?? new ValueCounts(this.#kernels, this.#scratch);
    this.#counts.set(value, known);
    return known;
  }
}

/** What the engine's thread calls. */
export function createObserver(settings: unknown): TapObserver {
  return new Counter(settings as CounterSettings); // as counterSource gives them
}
