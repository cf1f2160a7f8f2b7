import { type BigIntStats, closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import { allocate, type ByteRange, checkBounds } from "./byte-range.js";
import { fileChanged, fileClosed, fileKind, fileOpen, fileRange, fileRead } from "./errors.js";
import { readAll } from "./all-bytes.js";

/** A file of a pool: which one it was when first opened, and its descriptor while it has one. */
interface PooledFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly stamp: string;
  descriptor: number | undefined;
}

/**
 * Opens files once and reads them by position. The caller owns the pool and closes it. At most `maxOpen` descriptors
 * are open at a time; a file that is opened again, and every read, is checked to be the file that was there at first
 * (device, inode, size, modification time).
 */
export class FilePool {
  readonly #files = new Map<string, PooledFile>();
  readonly #open = new Set<PooledFile>();
  readonly #maxOpen: number;
  #closed = false;

  constructor(options: { readonly maxOpen?: number } = {}) {
    this.#maxOpen = options.maxOpen ?? 64;
  }

  /** The whole file as a range. Throws VX-IMPORT-FILE-OPEN, -KIND, -CLOSED. */
  open(path: string): ByteRange {
    const known = this.#files.get(path);
    if (known !== undefined) return this.#range(known, 0, known.sizeBytes);
    if (this.#closed) throw fileClosed(path);
    const { descriptor, stats } = openRegular(path);
    const file: PooledFile = { path, sizeBytes: Number(stats.size), stamp: stampOf(stats), descriptor };
    this.#files.set(path, file);
    this.#keep(file);
    return this.#range(file, 0, file.sizeBytes);
  }

  /** Throws VX-IMPORT-FILE-CHANGED unless `path`, opened before, leads to the same file now; -OPEN where that cannot be told. */
  confirm(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) throw fileClosed(path);
    const stats = statOf(path);
    if (stats === undefined) throw fileChanged(path, file.stamp, "gone");
    checkUnchanged(file, stats);
  }

  /** Confirms every file that was opened: what others read of it by its path was of the same file. Throws VX-IMPORT-FILE-CHANGED. */
  confirmAll(): void {
    for (const path of this.#files.keys()) this.confirm(path);
  }

  #range(file: PooledFile, offset: number, byteLength: number): ByteRange {
    return {
      byteLength,
      origin: { path: file.path, offset },
      read: (begin = 0, end = byteLength) => {
        checkBounds(file.path, begin, end, byteLength);
        const bytes = allocate(file.path, end - begin);
        this.#readInto(file, offset + begin, bytes);
        return bytes;
      },
      readInto: (target, begin) => {
        checkBounds(file.path, begin, begin + target.byteLength, byteLength);
        this.#readInto(file, offset + begin, target);
      },
      slice: (begin, end) => {
        checkBounds(file.path, begin, end, byteLength);
        return this.#range(file, offset + begin, end - begin);
      },
    };
  }

  #readInto(file: PooledFile, offset: number, target: Uint8Array): void {
    const descriptor = this.#descriptorOf(file);
    const count = readAt(file, descriptor, target, offset);
    if (count < target.byteLength) throw fileRange(file.path, offset, offset + target.byteLength, offset + count);
    checkUnchanged(file, fstatSync(descriptor, { bigint: true }));
  }

  /** Closes all descriptors; every later read throws VX-IMPORT-FILE-CLOSED. */
  close(): void {
    this.#closed = true;
    for (const file of this.#open) release(file);
    this.#open.clear();
    this.#files.clear();
  }

  #descriptorOf(file: PooledFile): number {
    if (this.#closed) throw fileClosed(file.path);
    if (file.descriptor === undefined) {
      const { descriptor, stats } = openRegular(file.path);
      file.descriptor = descriptor;
      this.#keep(file);
      checkUnchanged(file, stats);
      return descriptor;
    }
    this.#keep(file);
    return file.descriptor;
  }

  /** Marks a file as the last used, and closes the one unused for longest when there are too many. */
  #keep(file: PooledFile): void {
    this.#open.delete(file);
    this.#open.add(file);
    if (this.#open.size <= this.#maxOpen) return;
    const [oldest] = this.#open;
    if (oldest === undefined || oldest === file) return;
    this.#open.delete(oldest);
    release(oldest);
  }
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    throw fileOpen(path, error);
  }
}

/** Opens without waiting for the other end of a pipe, and without touching what is not a regular file. */
function openRegular(path: string): { descriptor: number; stats: BigIntStats } {
  let descriptor: number | undefined;
  try {
    const before = statSync(path, { bigint: true });
    if (!before.isFile()) throw fileKind(path, kindOf(before));
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(descriptor, { bigint: true });
    if (!stats.isFile()) throw fileKind(path, kindOf(stats));
    return { descriptor, stats };
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    throw isSystemError(error) ? fileOpen(path, error) : error;
  }
}

function readAt(file: PooledFile, descriptor: number, target: Uint8Array, position: number): number {
  try {
    return readAll(descriptor, target, position);
  } catch (error) {
    throw fileRead(file.path, position, error);
  }
}

function checkUnchanged(file: PooledFile, stats: BigIntStats): void {
  const stamp = stampOf(stats);
  if (stamp !== file.stamp) throw fileChanged(file.path, file.stamp, stamp);
}

function stampOf(stats: BigIntStats): string {
  return `${stats.size} bytes (inode ${stats.dev}:${stats.ino}, modified at ${stats.mtimeNs} ns)`;
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return "folder";
  if (stats.isFIFO()) return "pipe";
  return stats.isSocket() ? "socket" : "device";
}

function release(file: PooledFile): void {
  if (file.descriptor !== undefined) closeSync(file.descriptor);
  file.descriptor = undefined;
}

/** Whether an error came from the operating system (it has a code such as "ENOENT") or from the path check of Node itself. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && error.name !== "FormatError" && "code" in error;
}
