import { TextDecoder } from "node:util";
import type { ByteRange } from "../files/index.js";
import { limitExceeded, numberInvalid, type Place, truncated, utf8Invalid, wireInvalid } from "./errors.js";
import type { OnnxLimits } from "./limits.js";

const WINDOW_BYTES = 64 * 1024;
const STRICT: TextDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LENIENT: TextDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/**
 * Walks protobuf messages in a range without loading them: only a small window around the cursor is in memory, and
 * the content of a length-delimited field is touched only when asked for. Use:
 * `const end = reader.enter(); while (reader.next(end)) switch (reader.field) { … } reader.leave();`
 * A field that is not asked for is skipped. All failures are FormatErrors with the byte offset.
 */
export class WireReader {
  readonly limits: OnnxLimits;
  readonly #range: ByteRange;
  readonly #buffer: Buffer;
  /** Bytes of the buffer that are filled, from `#base` of the range on. */
  #filled = 0;
  #base = 0;
  #position = 0;
  #depth = 0;
  #messages = 0;
  #elements = 0;
  #tagAt = 0;
  #wireType = LENGTH_DELIMITED;
  #low = 0;
  #high = 0;
  #begin = 0;
  #end: number;
  /** Number of the current field. */
  field = 0;

  constructor(range: ByteRange, limits: OnnxLimits) {
    this.#range = range;
    this.#end = range.byteLength;
    this.limits = limits;
    this.#buffer = Buffer.alloc(Math.min(WINDOW_BYTES, range.byteLength));
  }

  /** Where the current field starts, for errors. */
  get place(): Place {
    return this.placeOf(this.#tagAt);
  }

  /** The file that is read, if it is one. */
  get path(): string | undefined {
    return this.#range.origin?.path;
  }

  /** Bytes in the current length-delimited field; 0 for other fields. */
  get byteLength(): number {
    return this.#wireType === LENGTH_DELIMITED ? this.#end - this.#begin : 0;
  }

  /** Whether the current field holds its elements packed. */
  get packed(): boolean {
    return this.#wireType === LENGTH_DELIMITED;
  }

  /** The content of the current length-delimited field, unread. */
  get content(): ByteRange {
    this.#expect(LENGTH_DELIMITED);
    return this.#range.slice(this.#begin, this.#end);
  }

  /** Goes into the message that the current field (or, at the start, the whole range) holds; returns where it ends. */
  enter(): number {
    this.#expect(LENGTH_DELIMITED);
    this.#depth += 1;
    this.#messages += 1;
    if (this.#depth > this.limits.depth) throw limitExceeded(this.place, "messages inside each other", this.limits.depth);
    if (this.#messages > this.limits.messages) throw limitExceeded(this.place, "messages", this.limits.messages);
    this.#position = this.#begin;
    return this.#end;
  }

  /** Goes back out of the message that was entered last. */
  leave(): void {
    this.#depth -= 1;
  }

  /** Steps to the next field of the message that ends at `end`; false when there is none. */
  next(end: number): boolean {
    if (this.#position === end) return false;
    this.#tagAt = this.#position;
    this.count(1);
    this.#varint(end);
    this.field = this.#low >>> 3;
    this.#wireType = this.#low & 7;
    if (this.field === 0 || this.#high !== 0) throw wireInvalid(this.place, "this is no field tag");
    this.#value(end);
    return true;
  }

  /** Counts fields or elements against the limit. */
  count(elements: number): void {
    this.#elements += elements;
    if (this.#elements > this.limits.elements) throw limitExceeded(this.place, "fields and list elements", this.limits.elements);
  }

  /** The current field as a 64-bit two's complement integer. */
  int64(): bigint {
    this.#expect(VARINT);
    return this.#signed();
  }

  /** The current field as an integer within ±(2^53 - 1). Throws VX-IMPORT-ONNX-NUMBER, which says what `what` is. */
  integer(what: string): number {
    this.#expect(VARINT);
    return this.#safe(what);
  }

  /** The current field as a float32. */
  float(): number {
    this.#expect(FIXED32);
    return floatOf(this.#low);
  }

  /** Appends the elements of a repeated int64, packed or not. */
  int64s(into: bigint[]): void {
    this.#each(VARINT, () => into.push(this.#signed()));
  }

  /** Appends the elements of a repeated int64, packed or not, each within ±(2^53 - 1). */
  integers(into: number[], what: string): void {
    this.#each(VARINT, () => into.push(this.#safe(what)));
  }

  /** Appends the elements of a repeated float, packed or not. */
  floats(into: number[]): void {
    this.#each(FIXED32, () => into.push(floatOf(this.#low)));
  }

  /** Calls `visit` with the low and high 32 bits of each element of a repeated varint field, packed or not. */
  varints(visit: (low: number, high: number) => void): void {
    this.#each(VARINT, () => visit(this.#low, this.#high));
  }

  /** Calls `visit` with the low and high 32 bits of each element of a repeated float (`bits` 32) or double (64). */
  fixeds(bits: 32 | 64, visit: (low: number, high: number) => void): void {
    this.#each(bits === 32 ? FIXED32 : FIXED64, () => visit(this.#low, this.#high));
  }

  /** The current field as text of at most `limits.nameBytes`. Throws VX-IMPORT-ONNX-UTF8, -LIMIT. */
  name(): string {
    if (this.byteLength > this.limits.nameBytes) throw limitExceeded(this.place, "bytes in a name", this.limits.nameBytes);
    return this.text();
  }

  /** The current field as text of any length. Throws VX-IMPORT-ONNX-UTF8. */
  text(): string {
    this.#expect(LENGTH_DELIMITED);
    const ascii = this.#ascii();
    if (ascii !== undefined) return ascii;
    try {
      return STRICT.decode(this.#peek());
    } catch {
      throw utf8Invalid(this.placeOf(this.#begin));
    }
  }

  /** The current field as text for people: bytes that are not UTF-8 become U+FFFD. */
  prose(): string {
    return LENIENT.decode(this.#peek());
  }

  /** A copy of the bytes of the current field. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#peek());
  }

  /** A byte of the range, for errors: its offset in the file. */
  placeOf(position: number): Place {
    return { path: this.path, offset: (this.#range.origin?.offset ?? 0) + position };
  }

  /** Takes the value of the field whose tag was read last; the cursor ends behind it. */
  #value(end: number): void {
    switch (this.#wireType) {
      case VARINT:
        return this.#varint(end);
      case FIXED32:
        return this.#fixed(end, 4);
      case FIXED64:
        return this.#fixed(end, 8);
      case LENGTH_DELIMITED:
        return this.#delimited(end);
      default:
        throw wireInvalid(this.place, `field ${this.field} has the wire type ${this.#wireType}, which ONNX does not use`);
    }
  }

  #delimited(end: number): void {
    this.#varint(end);
    const length = this.#high * 2 ** 32 + this.#low;
    this.#begin = this.#position;
    this.#end = this.#begin + length;
    if (this.#end > end) throw truncated(this.place, `Field ${this.field} of ${length} bytes`, end);
    this.#position = this.#end;
  }

  #fixed(end: number, byteLength: number): void {
    if (this.#position + byteLength > end) throw truncated(this.place, `Field ${this.field}`, end);
    this.#low = this.#word();
    this.#high = byteLength === 8 ? this.#word() : 0;
  }

  #word(): number {
    const a = this.#byte();
    const b = this.#byte();
    const c = this.#byte();
    return (a | (b << 8) | (c << 16) | (this.#byte() << 24)) >>> 0;
  }

  /** Reads a varint of at most 10 bytes into its low and high 32 bits. */
  #varint(end: number): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#position >= end) throw truncated(this.place, "The number", end);
      const byte = this.#byte();
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift > 28) high |= bits << (shift - 32);
      else if (shift === 28) high |= bits >>> 4;
      if (byte < 0x80) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw wireInvalid(this.place, "a number has more than 10 bytes");
  }

  #byte(): number {
    const at = this.#position - this.#base;
    this.#position += 1;
    if (at < 0 || at >= this.#filled) this.#reload(this.#position - 1);
    return this.#buffer[this.#position - 1 - this.#base] ?? 0;
  }

  #reload(position: number): void {
    this.#base = position;
    this.#filled = Math.min(WINDOW_BYTES, this.#range.byteLength - position);
    this.#range.readInto(this.#buffer.subarray(0, this.#filled), position);
  }

  /** The bytes of the current field, valid until the next call. */
  #peek(): Uint8Array {
    this.#expect(LENGTH_DELIMITED);
    return this.#load()
      ? this.#buffer.subarray(this.#begin - this.#base, this.#end - this.#base)
      : this.#range.read(this.#begin, this.#end);
  }

  /** Brings the current field into the window; false if it is too long for it. */
  #load(): boolean {
    if (this.#end - this.#begin > WINDOW_BYTES) return false;
    if (this.#begin < this.#base || this.#end > this.#base + this.#filled) this.#reload(this.#begin);
    return true;
  }

  /** The text of the current field if all of it is ASCII and in the window. */
  #ascii(): string | undefined {
    if (!this.#load()) return undefined;
    const begin = this.#begin - this.#base;
    const end = this.#end - this.#base;
    for (let i = begin; i < end; i += 1) if ((this.#buffer[i] ?? 0) > 0x7f) return undefined;
    return this.#buffer.toString("latin1", begin, end);
  }

  #each(wireType: number, visit: () => void): void {
    if (this.#wireType === wireType) return visit();
    this.#expect(LENGTH_DELIMITED);
    const end = this.#end;
    for (this.#position = this.#begin; this.#position < end; ) {
      this.count(1);
      if (wireType === VARINT) this.#varint(end);
      else this.#fixed(end, wireType === FIXED32 ? 4 : 8);
      visit();
    }
  }

  #signed(): bigint {
    const high = this.#high | 0;
    const fits = high === this.#low >> 31;
    return fits ? BigInt(this.#low | 0) : (BigInt(high) << 32n) | BigInt(this.#low);
  }

  #safe(what: string): number {
    const value = (this.#high | 0) * 2 ** 32 + this.#low;
    if (!Number.isSafeInteger(value)) throw numberInvalid(this.place, what, this.#signed());
    return value;
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType)
      throw wireInvalid(this.place, `field ${this.field} has the wire type ${this.#wireType}; expected ${wireType}`);
  }
}

const WORD = new DataView(new ArrayBuffer(4));

function floatOf(bits: number): number {
  WORD.setUint32(0, bits);
  return WORD.getFloat32(0);
}
