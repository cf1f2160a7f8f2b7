import { Worker } from "node:worker_threads";
import { type Answer, type Arguments, type CallName, errorOf, type Reply } from "./messages.js";

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** Asks the engine's thread. The thread keeps the process alive only while a question is open. */
export class EngineThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #isEnding = false;
  /** Why there are no answers any more. */
  #failure: Error | undefined;

  constructor(module: URL) {
    this.#worker = new Worker(module, { execArgv: [] });
    this.#worker.on("message", (reply: Reply) => this.#settle(reply));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", (code) => this.#fail(new Error(`the engine's thread ended with code ${code}`)));
    this.#worker.unref();
  }

  /** Rejects with what the thread throws, with the reason of its end once it is gone, and where `args` cannot be sent; transfers the buffers of `given`. */
  ask<Name extends CallName>(call: Name, args: Arguments<Name>, given: readonly ArrayBuffer[] = []): Promise<Answer<Name>> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#worker.postMessage({ id, call, args }, [...given]);
      this.#waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
      this.#worker.ref();
    });
  }

  /** Ends the thread once no question is open: ended inside a run it would take the process with it. */
  end(): void {
    this.#isEnding = true;
    if (this.#waiting.size === 0) void this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (this.#isEnding) this.end();
    if ("failure" in reply) waiting?.reject(errorOf(reply.failure));
    else waiting?.resolve(reply.answer);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
