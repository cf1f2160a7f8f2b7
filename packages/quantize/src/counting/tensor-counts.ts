import { type Kernels, multiply } from "@vlm-export/numerics";
import type { CounterQuestion, CounterSettings, Histograms, Scale, SeenRange, SeenRanges } from "./counter-messages.js";
import { scratchCounts, seenRange, ValueCounts } from "./value-counts.js";

/** Counts each value's elements in a histogram that covers all runs. One per thread; a value is always counted by the same one. */
export class TensorCounts {
  readonly #kernels: Kernels;
  readonly #scratch = scratchCounts();
  readonly #counts = new Map<string, ValueCounts>();
  readonly #held: { readonly value: string; readonly floats: Float32Array }[] = [];
  readonly #settings: CounterSettings;
  #runs = 0;

  constructor(settings: CounterSettings, kernels: Kernels) {
    this.#settings = settings;
    this.#kernels = kernels;
  }

  /** Adds the tensors of one run. */
  add(tensors: ReadonlyMap<string, Float32Array>): SeenRanges {
    const holds = this.#runs < this.#settings.heldRuns ? this.#settings.held : [];
    this.#runs += 1;
    return new Map([...tensors].map(([value, floats]) => [value, this.#see(value, floats, holds.includes(value))]));
  }

  answer(question: CounterQuestion): Histograms | undefined {
    if (question.kind === "scale") return this.#release(question);
    return new Map([...this.#counts].map(([value, counts]) => [value, counts.result()]));
  }

  /** A held tensor is copied: its memory may leave this thread as an output. */
  #see(value: string, floats: Float32Array, isHeld: boolean): SeenRange {
    if (!isHeld) return this.#countsOf(value).add(floats);
    this.#held.push({ value, floats: floats.slice() });
    return seenRange(this.#kernels.rangeOf(floats));
  }

  #release({ factors }: Scale): undefined {
    for (const { value, floats } of this.#held.splice(0)) {
      multiply(floats, { values: factors.get(value) as Float32Array, run: 1, start: 0 });
      this.#countsOf(value).add(floats);
    }
  }

  #countsOf(value: string): ValueCounts {
    const known = this.#counts.get(value) ?? new ValueCounts(this.#kernels, this.#scratch);
    this.#counts.set(value, known);
    return known;
  }
}
