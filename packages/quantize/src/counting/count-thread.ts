import { Worker } from "node:worker_threads";
import type { CounterQuestion, CounterSettings, Histograms, SeenRanges } from "./counter-messages.js";
import type { Answer, Question } from "./count-worker.js";

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Counts on a further thread; asked for one thing at a time. Once the thread cannot start or is lost, it answers with the reason. */
export class CountThread {
  readonly #worker: Worker;
  #waiting: Waiting | undefined;
  #failure: Error | undefined;

  constructor(module: URL, settings: CounterSettings) {
    this.#worker = new Worker(module, { workerData: settings, execArgv: [] });
    this.#worker.on("message", (answer: Answer) => this.#waiting?.resolve(answer)); // what count-worker.ts posts
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", (code) => this.#fail(new Error(`a counting thread ended with code ${code}`)));
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

  #ask(question: Question, given: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(question, [...given]);
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
  }
}
