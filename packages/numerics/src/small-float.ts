import { roundHalfEven } from "./round.js";

/** 8-bit and 4-bit float types with a sign bit. */
export type SmallFloat = "f8e4m3" | "f8e4m3uz" | "f8e5m2" | "f8e5m2uz" | "f4e2m1";

/** Bit layout of one small float type (ONNX float8 and float4 specification; OCP FP8 and MX). */
interface Layout {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /** Largest finite magnitude. */
  readonly max: number;
  /** `ieee`: top exponent holds infinity and NaN; `fn`: only all-ones is NaN; `uz`: NaN in place of -0; `finite`: neither. */
  readonly specials: "ieee" | "fn" | "uz" | "finite";
}

const LAYOUTS: Readonly<Record<SmallFloat, Layout>> = {
  f8e4m3: { exponentBits: 4, mantissaBits: 3, bias: 7, max: 448, specials: "fn" },
  f8e4m3uz: { exponentBits: 4, mantissaBits: 3, bias: 8, max: 240, specials: "uz" },
  f8e5m2: { exponentBits: 5, mantissaBits: 2, bias: 15, max: 57344, specials: "ieee" },
  f8e5m2uz: { exponentBits: 5, mantissaBits: 2, bias: 16, max: 57344, specials: "uz" },
  f4e2m1: { exponentBits: 2, mantissaBits: 1, bias: 1, max: 6, specials: "finite" },
};

/** The number that the bits `code` of type `dtype` stand for. */
export function smallFloatToNumber(dtype: SmallFloat, code: number): number {
  const { exponentBits, mantissaBits, bias } = LAYOUTS[dtype];
  const special = specialValue(LAYOUTS[dtype], code);
  if (special !== undefined) return special;
  const signBit = 1 << (exponentBits + mantissaBits);
  const sign = code & signBit ? -1 : 1;
  const exponent = (code & (signBit - 1)) >> mantissaBits;
  const mantissa = code & ((1 << mantissaBits) - 1);
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
  return sign * (2 ** mantissaBits + mantissa) * 2 ** (exponent - bias - mantissaBits);
}

/**
 * Bits of type `dtype` nearest to `value` rounded to f32, half to even. `overflow` says what a magnitude that rounds past the largest finite one
 * becomes: `saturate` the largest finite value (ONNX Cast, saturate = 1), `special` infinity or NaN. NaN stays NaN where the type has one
 * and becomes +0 in f4e2m1.
 */
export function numberToSmallFloat(dtype: SmallFloat, value: number, overflow: "saturate" | "special" = "saturate"): number {
  const layout = LAYOUTS[dtype];
  const signBit = 1 << (layout.exponentBits + layout.mantissaBits);
  if (Number.isNaN(value)) return nanCode(layout, signBit);
  const sign = value < 0 || Object.is(value, -0) ? signBit : 0;
  const code = magnitudeCode(layout, Math.abs(Math.fround(value)));
  if (code > magnitudeCode(layout, layout.max)) {
    return overflow === "saturate" ? sign | magnitudeCode(layout, layout.max) : overflowCode(layout, sign, signBit);
  }
  return layout.specials === "uz" && code === 0 ? 0 : sign | code;
}

/** The number of an E8M0 scale: 2^(code - 127), 255 is NaN (OCP MX). */
export function e8m0ToNumber(code: number): number {
  return code === 255 ? Number.NaN : 2 ** (code - 127);
}

function specialValue({ exponentBits, mantissaBits, specials }: Layout, code: number): number | undefined {
  const signBit = 1 << (exponentBits + mantissaBits);
  const magnitude = code & (signBit - 1);
  if (specials === "uz") return code === signBit ? Number.NaN : undefined;
  if (specials === "fn") return magnitude === signBit - 1 ? Number.NaN : undefined;
  const infinity = signBit - (1 << mantissaBits);
  if (specials === "finite" || magnitude < infinity) return undefined;
  if (magnitude > infinity) return Number.NaN;
  return code & signBit ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function magnitudeCode({ mantissaBits, bias }: Layout, magnitude: number): number {
  if (magnitude === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  const smallest = 1 - bias;
  const exponent = magnitude === 0 ? smallest : Math.max(Math.floor(Math.log2(magnitude)), smallest);
  const steps = roundHalfEven(magnitude / 2 ** (exponent - mantissaBits));
  return (exponent - smallest) * 2 ** mantissaBits + steps;
}

function nanCode({ specials }: Layout, signBit: number): number {
  if (specials === "finite") return 0;
  return specials === "uz" ? signBit : signBit - 1;
}

function overflowCode(layout: Layout, sign: number, signBit: number): number {
  if (layout.specials === "ieee") return sign | (signBit - (1 << layout.mantissaBits));
  if (layout.specials === "finite") return sign | (signBit - 1);
  return layout.specials === "uz" ? signBit : sign | (signBit - 1);
}
