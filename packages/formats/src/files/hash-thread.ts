import { Worker } from "node:worker_threads";
import type { FileHash } from "./file-sink.js";
import type { Growth } from "./hash-worker.js";

/** SHA-256 of a file while it is written, on a thread that reads behind the writer. The thread does not keep the process alive. */
export class HashThread implements FileHash {
  readonly #worker: Worker;
  readonly #digest: Promise<string>;

  constructor(module: URL, path: string) {
    this.#worker = new Worker(module, { workerData: path, execArgv: [] });
    this.#worker.unref();
    this.#digest = new Promise((resolve, reject) => {
      this.#worker.on("message", resolve); // what hash-worker.ts posts
      this.#worker.on("error", reject);
      this.#worker.on("exit", (code) => reject(new Error(`the hashing thread ended with code ${code}`)));
    });
    this.#digest.catch(() => undefined); // for whoever asks for it
  }

  writing(): void {
    // the thread reads the file
  }

  written(end: number): void {
    this.#tell({ end, isLast: false });
  }

  /** Ends the thread. */
  async digest(end: number): Promise<string> {
    this.#worker.ref();
    this.#tell({ end, isLast: true });
    return this.#digest.finally(() => this.stop());
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #tell(growth: Growth): void {
    this.#worker.postMessage(growth);
  }
}
