import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { FetchedTensor, TapObserver } from "@vlm-export/engine";
import { createKernels } from "@vlm-export/numerics";
import { wideFloatsOf } from "../weights/constant-floats.js";
import { CountThread } from "./count-thread.js";
import type { CounterQuestion, CounterSettings, Histograms, SeenRanges } from "./counter-messages.js";
import { TensorCounts } from "./tensor-counts.js";

/** The code of a counting thread; absent where the package runs from its sources. */
const WORKER_URL = new URL("./count-worker.js", import.meta.url);

type Floats = ReadonlyMap<string, Float32Array>;

/** Observes tap tensors on the engine's thread. Between two runs that thread and further ones count, each its own values. */
class Counter implements TapObserver {
  readonly #kernels = createKernels();
  readonly #here: TensorCounts;
  readonly #threads: readonly CountThread[];
  /** Which thread counts a value; 0 for this one. */
  readonly #threadOf = new Map<string, number>();
  readonly #outputs: ReadonlySet<string>;

  constructor(settings: CounterSettings) {
    const further = existsSync(fileURLToPath(WORKER_URL)) ? settings.threads - 1 : 0;
    this.#here = new TensorCounts(settings, this.#kernels);
    this.#threads = Array.from({ length: further }, () => new CountThread(WORKER_URL, settings));
    this.#outputs = new Set(settings.outputs);
  }

  async observe(tensors: ReadonlyMap<string, FetchedTensor>): Promise<SeenRanges> {
    const [here = new Map(), ...there] = this.#divide(tensors);
    const ranges = this.#threads.map((thread, i) => thread.add(there[i] as Floats));
    const own = this.#here.add(here);
    return new Map([own, ...(await Promise.all(ranges))].flatMap((seen) => [...seen]));
  }

  async answer(question: unknown): Promise<Histograms> {
    const asked = question as CounterQuestion; // calibrate asks nothing else
    const answers = [this.#here.answer(asked), ...(await Promise.all(this.#threads.map((thread) => thread.answer(asked))))];
    return new Map(answers.flatMap((histograms) => [...(histograms ?? [])]));
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** By thread. A new value goes to the thread with the fewest elements; one that is an output as well is given out from here. */
  #divide(tensors: ReadonlyMap<string, FetchedTensor>): readonly Floats[] {
    const parts = [this.#here, ...this.#threads].map(() => ({ floats: new Map<string, Float32Array>(), elements: 0 }));
    for (const [value, tensor] of tensors) {
      const floats = wideFloatsOf(tensor, this.#kernels); // a tap on f16 is f16
      const least = parts.reduce((best, { elements }, i) => (elements < (parts[best]?.elements ?? 0) ? i : best), 0);
      const thread = this.#threadOf.get(value) ?? (this.#outputs.has(value) ? 0 : least);
      this.#threadOf.set(value, thread);
      const part = parts[thread] as (typeof parts)[number];
      part.floats.set(value, floats);
      part.elements += floats.length;
    }
    return parts.map(({ floats }) => floats);
  }
}

/** What the engine's thread calls. */
export function createObserver(settings: unknown): TapObserver {
  return new Counter(settings as CounterSettings); // as counterSource gives them
}
