import { Worker } from "node:worker_threads";
import { WORKER_URL } from "../worker-url.js";
import { toolEngine } from "../errors.js";
import { engineFailure } from "./engine-failure.js";

/** An input or output of the engine, in the model's order. */
export interface EngineTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** What the engine says of a loaded model. */
export interface EngineModel {
  readonly inputs: readonly EngineTensor[];
  readonly outputs: readonly EngineTensor[];
}

/** Bytes of one input. */
export interface EngineInput {
  readonly bytes: Uint8Array;
  readonly dtype: string;
  readonly shape: readonly number[];
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  /** The error that a reply with this detail is. */
  readonly failure: (detail: string) => Error;
}

const timeoutMs = 10 * 60_000;

/**
 * The engine on a thread of its own: a crash, a hang or a wild allocation there ends the thread, not the host.
 * An engine that does not come up, or ends, is VX-TOOL-TFLITE-ENGINE; what it says of a model is {@link engineFailure}.
 */
export class WorkerClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #ended: Error | undefined;

  constructor(entry: string, file: string) {
    this.#worker = new Worker(WORKER_URL, { workerData: { entry, file }, stdout: true, stderr: true, execArgv: [] });
    this.#worker.unref();
    this.#worker.on("message", (reply: Reply) => this.#settle(reply));
    this.#worker.on("error", (error) => this.#end(error.message, error));
    this.#worker.on("exit", (code) => this.#end(`its thread ended with code ${code}`));
  }

  /** Loads the engine and the model; once, before any run. */
  async load(): Promise<EngineModel> {
    await this.#ask("engine", {}, toolEngine);
    return (await this.#ask("model", {}, engineFailure)) as EngineModel;
  }

  /** Runs the model. */
  async run(inputs: readonly EngineInput[]): Promise<readonly Uint8Array[]> {
    return (await this.#ask("run", { inputs }, engineFailure)) as readonly Uint8Array[];
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(action: "engine" | "model" | "run", request: object, failure: (detail: string) => Error): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      const timer = setTimeout(() => void this.#stop(), timeoutMs);
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          this.#waiting.delete(id);
          settle(value);
        };
      this.#waiting.set(id, { resolve: settled(resolve), reject: settled(reject), failure });
      this.#worker.postMessage({ id, action, ...request });
    });
  }

  async #stop(): Promise<void> {
    this.#end(`no answer within ${timeoutMs} ms`);
    await this.close();
  }

  #settle({ id, result, error }: Reply): void {
    const waiting = this.#waiting.get(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(waiting.failure(error));
  }

  #end(detail: string, cause?: unknown): void {
    this.#ended ??= toolEngine(detail, cause);
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
  }
}
