/**
 * Element types. Sub-byte integers are stored packed, low bits first; `f16`, `bf16`, `f8…` are raw bits, never JS numbers.
 * `string` tensors have no byte form here; `unknown` is a value whose type no rule could tell (outputs of opaque ops).
 */
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
  | "c128"
  | "string"
  | "unknown";

/** Bits of one stored element; 0 for `string` and `unknown`. */
export const BITS: Readonly<Record<DType, number>> = {
  f64: 64,
  f32: 32,
  f16: 16,
  bf16: 16,
  f8e4m3: 8,
  f8e4m3uz: 8,
  f8e5m2: 8,
  f8e5m2uz: 8,
  f8e8m0: 8,
  f4e2m1: 4,
  i64: 64,
  i32: 32,
  i16: 16,
  i8: 8,
  i4: 4,
  i2: 2,
  u64: 64,
  u32: 32,
  u16: 16,
  u8: 8,
  u4: 4,
  u2: 2,
  bool: 8,
  c64: 64,
  c128: 128,
  string: 0,
  unknown: 0,
};

/** Bytes of `count` packed elements: ceil(count · bits / 8). */
export function byteLengthOf(dtype: DType, count: number): number {
  return Math.ceil((count * BITS[dtype]) / 8);
}

/** True for the floating-point types that weights and activations of a float model have. */
export function isFloat(dtype: DType): boolean {
  return dtype === "f32" || dtype === "f16" || dtype === "bf16" || dtype === "f64";
}

/** The largest finite number of the types that {@link isFloat} counts; its negative is the lowest. */
export const LARGEST_FINITE: Readonly<Partial<Record<DType, number>> & Record<"f64" | "f32" | "bf16" | "f16", number>> = {
  f64: Number.MAX_VALUE,
  f32: (2 - 2 ** -23) * 2 ** 127,
  bf16: (2 - 2 ** -7) * 2 ** 127,
  f16: 65504,
};
