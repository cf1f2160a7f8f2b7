import { Worker } from "node:worker_threads";
import { WORKER_URL } from "../worker-url.js";
import { toolEngine } from "../errors.js";

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
}

const timeoutMs = 10 * 60_000;

/**
 * The engine on a thread of its own: a crash, a hang or a wild allocation there ends the thread, not the host.
 * Every failure is a VX-TOOL-TFLITE-ENGINE error.
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

  /** Loads the model; once, before any run. */
  async load(): Promise<EngineModel> {
    return (await this.#ask({})) as EngineModel;
  }

  /** Runs the model. */
  async run(inputs: readonly EngineInput[]): Promise<readonly Uint8Array[]> {
    return (await this.#ask({ inputs })) as readonly Uint8Array[];
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(request: object): Promise<unknown> {
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
      this.#waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
      this.#worker.postMessage({ id, ...request });
    });
  }

  async #stop(): Promise<void> {
    this.#end(`no answer within ${timeoutMs} ms`);
    await this.close();
  }

  #settle({ id, result, error }: Reply): void {
    const waiting = this.#waiting.get(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(toolEngine(error));
  }

  #end(detail: string, cause?: unknown): void {
    this.#ended ??= toolEngine(detail, cause);
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
  }
}
