import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { ByteSink, SinkSummary } from "@vlm-export/formats/files";
import { emitTemporary } from "@vlm-export/store";

/** A file that lives for one engine session: neither hashed nor forced to disk. */
export class TempSink implements ByteSink {
  readonly #path: string;
  readonly #descriptor: number;
  #byteCount = 0;
  #isOpen = true;

  /** Throws VX-EMIT-TEMPORARY. */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#descriptor = openSync(path, "wx");
    } catch (cause) {
      throw emitTemporary(dirname(path), cause);
    }
  }

  get byteCount(): number {
    return this.#byteCount;
  }

  write(chunk: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < chunk.byteLength; ) done += writeSync(this.#descriptor, chunk, done);
    } catch (cause) {
      return Promise.reject(emitTemporary(dirname(this.#path), cause));
    }
    this.#byteCount += chunk.byteLength;
    return Promise.resolve();
  }

  padTo(alignment: number): Promise<void> {
    const missing = (alignment - (this.#byteCount % alignment)) % alignment;
    return this.write(new Uint8Array(missing));
  }

  close(): Promise<SinkSummary> {
    this.#end();
    return Promise.resolve({ sizeBytes: this.#byteCount, sha256: "" });
  }

  discard(): Promise<void> {
    this.#end();
    rmSync(this.#path, { force: true });
    return Promise.resolve();
  }

  /** A file that is complete is given up too when a later one of the same model fails. */
  #end(): void {
    if (this.#isOpen) closeSync(this.#descriptor);
    this.#isOpen = false;
  }
}
