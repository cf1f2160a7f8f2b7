import { notAnInteger } from "./errors.js";

/** Element types that have a byte form. Sub-byte integers are stored packed, low bits first; `f16`, `bf16`, `f8…`, `f4…` are raw bits. */
export type DType =
  | "f64"
  | "f32"
  | "f16"
  | "bf16"
  | "f8e4m3"
  | "f8e4m3uz"
  | "f8e5m2"
  | "f8e5m2uz"
  | "f8e8m0"
  | "f4e2m1"
  | "i64"
  | "i32"
  | "i16"
  | "i8"
  | "i4"
  | "i2"
  | "u64"
  | "u32"
  | "u16"
  | "u8"
  | "u4"
  | "u2"
  | "bool"
  | "c64"
  | "c128";

/** What one element type is. */
export interface DTypeInfo {
  /** Bits of one stored element. */
  readonly bits: number;
  readonly kind: "float" | "integer" | "bool" | "complex";
  /** True when values below zero can be held. */
  readonly signed: boolean;
}

const float = (bits: number): DTypeInfo => ({ bits, kind: "float", signed: true });
const signedInteger = (bits: number): DTypeInfo => ({ bits, kind: "integer", signed: true });
const unsignedInteger = (bits: number): DTypeInfo => ({ bits, kind: "integer", signed: false });

/** The element type table, keyed by name. */
export const dtypes: ReadonlyMap<DType, DTypeInfo> = new Map<DType, DTypeInfo>([
  ["f64", float(64)],
  ["f32", float(32)],
  ["f16", float(16)],
  ["bf16", float(16)],
  ["f8e4m3", float(8)],
  ["f8e4m3uz", float(8)],
  ["f8e5m2", float(8)],
  ["f8e5m2uz", float(8)],
  ["f8e8m0", { bits: 8, kind: "float", signed: false }],
  ["f4e2m1", float(4)],
  ["i64", signedInteger(64)],
  ["i32", signedInteger(32)],
  ["i16", signedInteger(16)],
  ["i8", signedInteger(8)],
  ["i4", signedInteger(4)],
  ["i2", signedInteger(2)],
  ["u64", unsignedInteger(64)],
  ["u32", unsignedInteger(32)],
  ["u16", unsignedInteger(16)],
  ["u8", unsignedInteger(8)],
  ["u4", unsignedInteger(4)],
  ["u2", unsignedInteger(2)],
  ["bool", { bits: 8, kind: "bool", signed: false }],
  ["c64", { bits: 64, kind: "complex", signed: true }],
  ["c128", { bits: 128, kind: "complex", signed: true }],
]);

/** True when `name` is one of the element types of the table. */
export function isDType(name: string): name is DType {
  return (dtypes as ReadonlyMap<string, DTypeInfo>).has(name);
}

/** The table row of `dtype`. */
export function infoOf(dtype: DType): DTypeInfo {
  return dtypes.get(dtype) as DTypeInfo;
}

/** Bits of one stored element of `dtype`. */
export function bitsOf(dtype: DType): number {
  return infoOf(dtype).bits;
}

/** True for floating-point types, 8-bit and 4-bit ones included. */
export function isFloat(dtype: DType): boolean {
  return infoOf(dtype).kind === "float";
}

/** True for integer types, sub-byte ones included; `bool` is not one. */
export function isInteger(dtype: DType): boolean {
  return infoOf(dtype).kind === "integer";
}

/** True when `dtype` holds values below zero. */
export function isSigned(dtype: DType): boolean {
  return infoOf(dtype).signed;
}

/** Bytes of `elementCount` packed elements: ceil(elementCount · bits / 8). */
export function byteLengthOf(dtype: DType, elementCount: number): number {
  return Math.ceil((elementCount * bitsOf(dtype)) / 8);
}

/**
 * Inclusive integer range of `dtype`. `wide` is all codes; `narrow` leaves out the lowest one, so that the range is symmetric around
 * the middle ([-127, 127]; [1, 255] is the same range after the sign shift). 64-bit bounds are the nearest JS numbers.
 * Throws VX-QUANT-NOT-AN-INTEGER for any other type.
 */
export function integerRange(dtype: DType, width: "wide" | "narrow" = "wide"): readonly [qmin: number, qmax: number] {
  const { kind, bits, signed } = infoOf(dtype);
  if (kind !== "integer") throw notAnInteger(dtype);
  const lowest = signed ? -(2 ** (bits - 1)) : 0;
  return [width === "narrow" ? lowest + 1 : lowest, lowest + 2 ** bits - 1];
}
