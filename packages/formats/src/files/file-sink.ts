import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { HASH_WORKER_URL } from "../hash-worker-url.js";
import { writeAll } from "./all-bytes.js";
import { sinkAccess, sinkClosed, sinkFull, sinkWrite } from "./errors.js";
import { HashThread } from "./hash-thread.js";

/** Where a writer puts the bytes of one file, in order. */
export interface ByteSink {
  /** Bytes taken so far: the offset of the next one. */
  readonly byteCount: number;
  /** Appends a chunk, which the caller leaves unchanged until the promise resolves. */
  write(chunk: Uint8Array): Promise<void>;
  /** Appends zeros up to the next multiple of `alignment` bytes. */
  padTo(alignment: number): Promise<void>;
  /** Completes the file. */
  close(): Promise<SinkSummary>;
  /** Gives the file up and removes what was written. */
  discard(): Promise<void>;
}

/** A finished file: its size in bytes and the SHA-256 of its content, in hex. */
export interface SinkSummary {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** A file that holds all its bytes, which may still be on their way to the disk. */
export interface EndedFile extends SinkSummary {
  /** Resolves when they are there; rejects as `close` does. */
  readonly synced: Promise<void>;
}

/** How a file is created. */
export interface SinkOptions {
  /** Replaces what is there, and follows a link. */
  readonly overwrite?: boolean;
  /** Bytes that will be written, where that is known: a large file is hashed on a thread of its own. */
  readonly sizeBytes?: number;
}

/** SHA-256 of a file while it is written. */
export interface FileHash {
  /** These bytes are on their way to the file, after all earlier ones. */
  writing(bytes: Uint8Array): void;
  /** The first `end` bytes are in the file. */
  written(end: number): void;
  /** The hash (hex) of the first `end` bytes, which are all. Rejects when they cannot be read. */
  digest(end: number): Promise<string>;
  /** Gives the hash up. */
  stop(): Promise<void>;
}

/** Smaller files are hashed faster than a thread starts. */
const THREAD_FROM_BYTES = 128 * 1024 * 1024;
/** Small chunks are gathered into blocks of this many bytes. */
const BLOCK_BYTES = 1024 * 1024;
/** A part of this many bytes is sent to the disk while the next one is written, so that little is left to do on `close`. */
const SYNC_BYTES = 64 * 1024 * 1024;
const FULL_CODES: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/**
 * A new file that is written from its start to its end. It never overwrites and never follows a link unless
 * `overwrite` is set: write under a temporary name, then rename. Bytes are on disk when `close` resolves. A failed
 * write is VX-EMIT-FILE-FULL or -WRITE with the offset; after it only `discard` is of use.
 */
export class FileSink implements ByteSink {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #hash: FileHash;
  readonly #block: Uint8Array = new Uint8Array(BLOCK_BYTES);
  #blockBytes = 0;
  #written = 0;
  #syncedUpTo = 0;
  /** The sync under way, settled with its error if it failed. */
  #syncing: Promise<unknown> | undefined;
  #closed = false;

  private constructor(path: string, handle: FileHandle, hash: FileHash) {
    this.path = path;
    this.#handle = handle;
    this.#hash = hash;
  }

  /** Creates the file. Throws VX-EMIT-FILE-ACCESS. */
  static async create(path: string, { overwrite = false, sizeBytes = 0 }: SinkOptions = {}): Promise<FileSink> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, overwrite ? "w" : "wx");
      const isThreaded = sizeBytes >= THREAD_FROM_BYTES && existsSync(fileURLToPath(HASH_WORKER_URL));
      return new FileSink(path, handle, isThreaded ? new HashThread(HASH_WORKER_URL, path) : inlineHash());
    } catch (error) {
      await handle?.close();
      throw sinkAccess(path, error);
    }
  }

  get byteCount(): number {
    return this.#written + this.#blockBytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#closed) throw sinkClosed(this.path);
    if (this.#blockBytes + chunk.byteLength > BLOCK_BYTES) await this.#flush();
    if (chunk.byteLength >= BLOCK_BYTES) return this.#put(chunk);
    this.#block.set(chunk, this.#blockBytes);
    this.#blockBytes += chunk.byteLength;
  }

  async padTo(alignment: number): Promise<void> {
    const missing = (alignment - (this.byteCount % alignment)) % alignment;
    await this.write(new Uint8Array(missing));
  }

  async close(): Promise<SinkSummary> {
    const { synced, ...summary } = await this.end();
    await synced;
    return summary;
  }

  /** Completes the file without waiting for the disk: others may read it while it is synced. */
  async end(): Promise<EndedFile> {
    if (this.#closed) throw sinkClosed(this.path);
    this.#closed = true;
    try {
      await this.#flush();
      const sha256 = await this.#digest();
      const synced = this.#sync().finally(() => this.#handle.close());
      synced.catch(() => undefined); // for whoever awaits it
      return { sizeBytes: this.#written, sha256, synced };
    } catch (error) {
      await this.#handle.close();
      throw error;
    }
  }

  async discard(): Promise<void> {
    if (!this.#closed) await this.#handle.close();
    this.#closed = true;
    await this.#hash.stop();
    await rm(this.path, { force: true });
  }

  async #flush(): Promise<void> {
    const block = this.#block.subarray(0, this.#blockBytes);
    this.#blockBytes = 0;
    await this.#put(block);
  }

  async #digest(): Promise<string> {
    try {
      return await this.#hash.digest(this.#written);
    } catch (error) {
      throw failure(this.path, this.#written, 0, error);
    }
  }

  async #sync(): Promise<void> {
    const early = await this.#syncing;
    try {
      if (early !== undefined) throw early;
      await this.#handle.sync();
    } catch (error) {
      throw failure(this.path, this.#written, 0, error);
    }
  }

  /** An error of the disk is told once per file: the one of an early sync is kept for `close`. */
  #syncEarly(): void {
    if (this.#syncing !== undefined || this.#written - this.#syncedUpTo < SYNC_BYTES) return;
    this.#syncedUpTo = this.#written;
    const settled = (error?: unknown): unknown => {
      if (error === undefined) this.#syncing = undefined;
      return error;
    };
    this.#syncing = this.#handle.datasync().then(settled, settled);
  }

  /** Writes while it hashes: the one runs on a thread of the pool, the other on this one or a further one. */
  async #put(bytes: Uint8Array): Promise<void> {
    const writing = writeAll(this.#handle, bytes, this.#written);
    this.#hash.writing(bytes);
    try {
      await writing;
    } catch (error) {
      await this.#hash.stop();
      throw failure(this.path, this.#written, bytes.byteLength, error);
    }
    this.#written += bytes.byteLength;
    this.#hash.written(this.#written);
    this.#syncEarly();
  }
}

/** Hashes on the calling thread, before the bytes are there. */
function inlineHash(): FileHash {
  const hash = createHash("sha256");
  return {
    writing: (bytes) => void hash.update(bytes),
    written: () => undefined,
    digest: async () => hash.digest("hex"),
    stop: async () => undefined,
  };
}

function failure(path: string, offset: number, byteLength: number, error: unknown): Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return FULL_CODES.has(code) ? sinkFull(path, offset, byteLength, error) : sinkWrite(path, offset, byteLength, error);
}
