import { decodeTfliteLimit, decodeTfliteMalformed } from "../errors.js";
import type { TfliteBytes } from "../model.js";
import { PagedFile } from "./paged-file.js";

const tableLimit = 1_000_000;
const elementSlack = 1_000_000;

/** A file being read, with what has been spent of the limits: files may share tables and vectors, so a small one could unfold without end. */
export class Reading {
  readonly file: PagedFile;
  #tables = 0;
  #elements = 0;

  constructor(source: TfliteBytes) {
    this.file = new PagedFile(source);
  }

  /** Counts a table. Throws VX-DECODE-TFLITE-LIMIT. */
  countTable(offset: number): void {
    this.#tables += 1;
    if (this.#tables > tableLimit) throw decodeTfliteLimit("tables", tableLimit, offset);
  }

  /** Counts vector elements or text bytes. Without sharing they never outnumber the file's bytes. Throws VX-DECODE-TFLITE-LIMIT. */
  countElements(count: number, offset: number): void {
    const limit = this.file.source.byteLength + elementSlack;
    this.#elements += count;
    if (this.#elements > limit) throw decodeTfliteLimit("vector elements", limit, offset);
  }
}

/** A vector's place: its first element and their number, all inside the file. */
export interface VectorPlace {
  readonly start: number;
  readonly count: number;
}

/**
 * A flatbuffers table. The vtable (u16 size, u16 table size, u16 field offsets) lies `i32 at position` bytes before it.
 * Fields are named by id, in declaration order. Absent fields give the fallback. The schema's tables nest seven deep at
 * most and never in themselves, so depth needs no counter.
 */
export class Table {
  readonly #reading: Reading;
  readonly position: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;
  readonly #tableBytes: number;

  constructor(reading: Reading, position: number) {
    const { file } = reading;
    aligned(position, 4, "a table");
    this.#reading = reading;
    this.position = position;
    this.#vtable = position - file.i32(position);
    aligned(this.#vtable, 2, "a vtable");
    this.#vtableBytes = file.u16(this.#vtable);
    this.#tableBytes = file.u16(this.#vtable + 2);
    if (this.#vtableBytes < 4 || this.#vtableBytes % 2 !== 0)
      throw decodeTfliteMalformed(`a vtable of ${this.#vtableBytes} bytes`, this.#vtable);
    if (this.#tableBytes < 4) throw decodeTfliteMalformed(`a table of ${this.#tableBytes} bytes`, position);
    file.require(this.#vtable, this.#vtableBytes, "a vtable");
    file.require(position, this.#tableBytes, "a table");
    reading.countTable(position);
  }

  i8(id: number, fallback = 0): number {
    const at = this.#field(id, 1);
    return at === undefined ? fallback : (this.#reading.file.u8(at) << 24) >> 24;
  }

  u8(id: number): number {
    return this.i8(id) & 255;
  }

  bool(id: number, fallback = false): boolean {
    return this.i8(id, Number(fallback)) !== 0;
  }

  i32(id: number, fallback = 0): number {
    const at = this.#field(id, 4);
    return at === undefined ? fallback : this.#reading.file.i32(at);
  }

  u32(id: number): number {
    return this.i32(id) >>> 0;
  }

  f32(id: number): number {
    const at = this.#field(id, 4);
    return at === undefined ? 0 : this.#reading.file.f32(at);
  }

  u64(id: number): number {
    const at = this.#field(id, 8);
    return at === undefined ? 0 : this.#reading.file.u64(at);
  }

  has(id: number): boolean {
    return this.#field(id, 1) !== undefined;
  }

  table(id: number): Table | undefined {
    const at = this.#reference(id);
    return at === undefined ? undefined : new Table(this.#reading, at);
  }

  /** Text with its length before and a zero byte behind. */
  text(id: number): string | undefined {
    const place = this.#place(id, 1);
    if (!place) return undefined;
    const { file } = this.#reading;
    if (file.u8(place.start + place.count) !== 0) throw decodeTfliteMalformed("a string without its zero byte", place.start);
    this.#reading.countElements(place.count, place.start);
    return file.text(place.start, place.count);
  }

  /** A vector of bytes, left in the file. */
  bytes(id: number): TfliteBytes | undefined {
    const place = this.#place(id, 1);
    return place && this.#reading.file.range(place.start, place.count);
  }

  i32s(id: number): readonly number[] {
    return this.#list(id, 4, (at) => this.#reading.file.i32(at));
  }

  f32s(id: number): readonly number[] {
    return this.#list(id, 4, (at) => this.#reading.file.f32(at));
  }

  i64s(id: number): readonly number[] {
    return this.#list(id, 8, (at) => this.#reading.file.i64(at));
  }

  tables(id: number): readonly Table[] {
    return this.#list(id, 4, (at) => new Table(this.#reading, this.#target(at)));
  }

  #list<T>(id: number, width: number, read: (at: number) => T): readonly T[] {
    const place = this.#place(id, width);
    if (!place) return [];
    this.#reading.countElements(place.count, place.start);
    const items: T[] = [];
    for (let i = 0; i < place.count; i += 1) items.push(read(place.start + i * width));
    return items;
  }

  #place(id: number, width: number): VectorPlace | undefined {
    const at = this.#reference(id);
    if (at === undefined) return undefined;
    const count = this.#reading.file.u32(at);
    this.#reading.file.require(at + 4, count * width, "a vector");
    return { start: at + 4, count };
  }

  #reference(id: number): number | undefined {
    const at = this.#field(id, 4);
    return at === undefined ? undefined : this.#target(at);
  }

  #target(at: number): number {
    const distance = this.#reading.file.u32(at);
    if (distance === 0) throw decodeTfliteMalformed("an offset that points at itself", at);
    return aligned(at + distance, 4, "the target of an offset");
  }

  #field(id: number, width: number): number | undefined {
    const slot = 4 + 2 * id;
    if (slot + 2 > this.#vtableBytes) return undefined;
    const offset = this.#reading.file.u16(this.#vtable + slot);
    if (offset === 0) return undefined;
    if (offset < 4 || offset + width > this.#tableBytes) {
      throw decodeTfliteMalformed(`field ${id} at ${offset} of a table of ${this.#tableBytes} bytes`, this.position);
    }
    return aligned(this.position + offset, width, `field ${id}`);
  }
}

function aligned(position: number, alignment: number, what: string): number {
  if (position < 0 || position % alignment !== 0)
    throw decodeTfliteMalformed(`${what} is not on a multiple of ${alignment} bytes`, position);
  return position;
}
