import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { CounterQuestion, CounterSettings, Histograms, SeenRanges } from "./counter-messages.js";
import type { Answer, Question } from "./count-worker.js";

/** Counts on a further thread; asked for one thing at a time. */
export class CountThread {
  readonly #worker: Worker;

  constructor(module: URL, settings: CounterSettings) {
    this.#worker = new Worker(module, { workerData: settings, execArgv: [] });
  }

  /** Takes the memory of the tensors away from this thread. */
  async add(tensors: ReadonlyMap<string, Float32Array>): Promise<SeenRanges> {
    return (await this.#ask(
      { tensors },
      [...tensors.values()].map(({ buffer }) => buffer as ArrayBuffer),
    )) as SeenRanges;
  }

  async answer(question: CounterQuestion): Promise<Histograms | undefined> {
    return (await this.#ask({ question })) as Histograms | undefined;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(question: Question, given: readonly ArrayBuffer[] = []): Promise<Answer> {
    const answered = once(this.#worker, "message") as Promise<[Answer]>; // what count-worker.ts posts; rejects with what it throws
    this.#worker.postMessage(question, [...given]);
    return (await answered)[0];
  }
}
