import { bitsOf, isSigned } from "../dtype.js";
import type { IntegerType } from "../kernels.js";
import { unpack } from "../packing.js";
import type { Engine } from "./engine.js";
import type { CodeType } from "./exports.js";
import { ADDRESS } from "./layout.js";

/** The type in which kernels hold one code of `storage`; sub-byte codes take a signed byte. */
export function codeTypeOf(storage: IntegerType): CodeType {
  const types = { i32: "I32", i16: "I16", u16: "U16", u8: "U8" } as const;
  return storage in types ? types[storage as keyof typeof types] : "I8";
}

/** Moves `count` codes from the code region into `out` at element `start`, packed as `storage` says. `out` must be zero there. */
export function takeCodes(engine: Engine, out: Uint8Array, storage: IntegerType, range: { start: number; count: number }): void {
  const { start, count } = range;
  const bits = bitsOf(storage);
  const codes = ADDRESS.codes;
  if (bits >= 8) {
    out.set(engine.u8.subarray(codes, codes + (count * bits) / 8), (start * bits) / 8);
  } else if ((start * bits) % 8 === 0) {
    (bits === 4 ? engine.run.pack4 : engine.run.pack2)(codes, ADDRESS.packed, count);
    takePacked(engine, out, storage, range);
  } else {
    orCodes(engine.u8.subarray(codes, codes + count), out, start, bits);
  }
}

/** Moves `count` packed codes from the packed region into `out` at element `start`, where a byte begins. */
export function takePacked(engine: Engine, out: Uint8Array, storage: IntegerType, range: { start: number; count: number }): void {
  const bits = bitsOf(storage);
  const byteLength = Math.ceil((range.count * bits) / 8);
  out.set(engine.u8.subarray(ADDRESS.packed, ADDRESS.packed + byteLength), (range.start * bits) / 8);
}

function orCodes(codes: Uint8Array, out: Uint8Array, start: number, bits: number): void {
  const mask = (1 << bits) - 1;
  codes.forEach((code, i) => {
    const bit = (start + i) * bits;
    const at = Math.floor(bit / 8);
    out[at] = (out[at] as number) | ((code & mask) << (bit % 8));
  });
}

/** Moves codes [start, start + count) of the packed `bytes` into the code region, one code each. */
export function putCodes(engine: Engine, bytes: Uint8Array, storage: IntegerType, range: { start: number; count: number }): void {
  const { start, count } = range;
  const bits = bitsOf(storage);
  const firstByte = Math.floor((start * bits) / 8);
  const part = bytes.subarray(firstByte, Math.ceil(((start + count) * bits) / 8));
  const skipped = start - (firstByte * 8) / bits;
  if (bits >= 8) {
    engine.u8.set(part, ADDRESS.codes);
  } else if (skipped === 0) {
    engine.u8.set(part, ADDRESS.packed);
    const sign = isSigned(storage) ? 1 << (bits - 1) : 0;
    (bits === 4 ? engine.run.unpack4 : engine.run.unpack2)(ADDRESS.packed, ADDRESS.codes, count, sign);
  } else {
    const all = unpack(part, storage, (part.length * 8) / bits);
    engine.u8.set(all.subarray(skipped, skipped + count), ADDRESS.codes);
  }
}
