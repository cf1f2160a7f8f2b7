import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { type ByteSink, FormatError, type SinkSummary } from "@vlm-export/formats/files";

/** A file that lives for one engine session: neither hashed nor forced to disk. */
export class TempSink implements ByteSink {
  readonly #path: string;
  readonly #descriptor: number;
  #byteCount = 0;

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, "wx");
  }

  get byteCount(): number {
    return this.#byteCount;
  }

  write(chunk: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < chunk.byteLength; ) done += writeSync(this.#descriptor, chunk, done);
    } catch (cause) {
      const message = `Cannot write ${chunk.byteLength} bytes of a temporary model at ${this.#byteCount}: ${String(cause)}`;
      return Promise.reject(
        new FormatError({
          code: "VX-EMIT-FILE-FULL",
          path: this.#path,
          message,
          hint: "Free disk space, or set TMPDIR to another disk.",
          cause,
        }),
      );
    }
    this.#byteCount += chunk.byteLength;
    return Promise.resolve();
  }

  padTo(alignment: number): Promise<void> {
    const missing = (alignment - (this.#byteCount % alignment)) % alignment;
    return this.write(new Uint8Array(missing));
  }

  close(): Promise<SinkSummary> {
    closeSync(this.#descriptor);
    return Promise.resolve({ sizeBytes: this.#byteCount, sha256: "" });
  }

  discard(): Promise<void> {
    closeSync(this.#descriptor);
    rmSync(this.#path, { force: true });
    return Promise.resolve();
  }
}
