import { decodeTfliteMalformed } from "../errors.js";
import type { TfliteBytes } from "../model.js";

const pageBytes = 64 * 1024;
const pagesKept = 128;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Little-endian reads at any offset of a file of any size, through at most 8 MiB of pages. Every read outside the file throws VX-DECODE-TFLITE-MALFORMED. */
export class PagedFile {
  readonly source: TfliteBytes;
  readonly #pages = new Map<number, Uint8Array>();

  constructor(source: TfliteBytes) {
    this.source = source;
  }

  u8(offset: number): number {
    return this.#view(offset, 1).getUint8(0);
  }

  u16(offset: number): number {
    return this.#view(offset, 2).getUint16(0, true);
  }

  i32(offset: number): number {
    return this.#view(offset, 4).getInt32(0, true);
  }

  u32(offset: number): number {
    return this.#view(offset, 4).getUint32(0, true);
  }

  f32(offset: number): number {
    return this.#view(offset, 4).getFloat32(0, true);
  }

  /** An unsigned 64-bit integer; values over 2^53 - 1 are malformed: no file has such offsets. */
  u64(offset: number): number {
    return this.#exact(this.#view(offset, 8).getBigUint64(0, true), offset);
  }

  /** A signed 64-bit integer of at most 53 bits. */
  i64(offset: number): number {
    return this.#exact(this.#view(offset, 8).getBigInt64(0, true), offset);
  }

  /** UTF-8 text; ill-formed bytes are malformed. */
  text(offset: number, byteLength: number): string {
    this.require(offset, byteLength, "text");
    try {
      return utf8.decode(this.#bytes(offset, byteLength));
    } catch {
      throw decodeTfliteMalformed("a string is not UTF-8", offset);
    }
  }

  /** A byte range of the file, read when asked for. */
  range(offset: number, byteLength: number): TfliteBytes {
    this.require(offset, byteLength, "data");
    const { source } = this;
    return { byteLength, read: (begin = 0, end = byteLength) => source.read(offset + begin, offset + Math.min(end, byteLength)) };
  }

  /** Throws unless the range lies in the file. */
  require(offset: number, byteLength: number, what: string): void {
    if (offset < 0 || offset + byteLength > this.source.byteLength) {
      throw decodeTfliteMalformed(`${what} of ${byteLength} bytes lies outside the file of ${this.source.byteLength} bytes`, offset);
    }
  }

  #exact(value: bigint, offset: number): number {
    const exact = Number(value);
    if (!Number.isSafeInteger(exact)) throw decodeTfliteMalformed(`the 64-bit integer ${value} is out of range`, offset);
    return exact;
  }

  #view(offset: number, byteLength: number): DataView {
    this.require(offset, byteLength, "a value");
    const bytes = this.#bytes(offset, byteLength);
    return new DataView(bytes.buffer, bytes.byteOffset, byteLength);
  }

  #bytes(offset: number, byteLength: number): Uint8Array {
    const index = Math.floor(offset / pageBytes);
    const begin = offset - index * pageBytes;
    if (begin + byteLength > pageBytes) return this.source.read(offset, offset + byteLength);
    return this.#page(index).subarray(begin, begin + byteLength);
  }

  #page(index: number): Uint8Array {
    const known = this.#pages.get(index);
    if (known) return known;
    const begin = index * pageBytes;
    const page = this.source.read(begin, Math.min(begin + pageBytes, this.source.byteLength));
    const oldest = this.#pages.keys().next();
    if (this.#pages.size >= pagesKept && oldest.done !== true) this.#pages.delete(oldest.value);
    this.#pages.set(index, page);
    return page;
  }
}
