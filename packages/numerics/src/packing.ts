import { bitsOf, byteLengthOf, isSigned } from "./dtype.js";
import { lengthMismatch } from "./errors.js";
import type { IntegerType } from "./kernels.js";

/** Codes of a tensor, one element each. */
export type Codes = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array;

/** Little-endian bytes of `codes` in type `storage`: low bits first, so element 0 of an i4 tensor is the low nibble of byte 0. */
export function pack(codes: ArrayLike<number>, storage: IntegerType): Uint8Array {
  const bits = bitsOf(storage);
  const bytes = new Uint8Array(byteLengthOf(storage, codes.length));
  if (bits >= 8) {
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < codes.length; i += 1) writeCode(view, bits, i, codes[i] as number);
    return bytes;
  }
  const mask = (1 << bits) - 1;
  for (let i = 0; i < codes.length; i += 1) {
    const bit = i * bits;
    const at = Math.floor(bit / 8);
    bytes[at] = (bytes[at] as number) | (((codes[i] as number) & mask) << (bit % 8));
  }
  return bytes;
}

/** Inverse of {@link pack}: the first `elementCount` codes of `bytes`. Throws VX-QUANT-LENGTH when `bytes` has another length. */
export function unpack(bytes: Uint8Array, storage: IntegerType, elementCount: number): Codes {
  const expected = byteLengthOf(storage, elementCount);
  if (bytes.length !== expected) throw lengthMismatch(`The byte array of ${elementCount} ${storage} codes`, bytes.length, expected);
  const bits = bitsOf(storage);
  if (bits >= 8) return wideCodes(bytes, storage, elementCount);
  const codes = isSigned(storage) ? new Int8Array(elementCount) : new Uint8Array(elementCount);
  const unusedBits = 32 - bits;
  for (let i = 0; i < elementCount; i += 1) {
    const bit = i * bits;
    const code = ((bytes[Math.floor(bit / 8)] as number) >> (bit % 8)) << unusedBits;
    codes[i] = isSigned(storage) ? code >> unusedBits : code >>> unusedBits;
  }
  return codes;
}

function writeCode(view: DataView, bits: number, index: number, code: number): void {
  if (bits === 8) view.setUint8(index, code);
  else if (bits === 16) view.setUint16(index * 2, code, true);
  else view.setUint32(index * 4, code, true);
}

function wideCodes(bytes: Uint8Array, storage: IntegerType, elementCount: number): Codes {
  const { buffer } = bytes.slice();
  if (storage === "i8") return new Int8Array(buffer, 0, elementCount);
  if (storage === "i16") return new Int16Array(buffer, 0, elementCount);
  if (storage === "u16") return new Uint16Array(buffer, 0, elementCount);
  return storage === "i32" ? new Int32Array(buffer, 0, elementCount) : new Uint8Array(buffer, 0, elementCount);
}
