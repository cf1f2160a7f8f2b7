import type { QuantView } from "./view.js";

/** Float types that weights and activations are read from. */
export type FloatType = "f32" | "f16" | "bf16";

/** Integer types that tensors are quantized to; `i32` only without zero points (biases). */
export type IntegerType = "i32" | "i16" | "i8" | "i4" | "i2" | "u16" | "u8" | "u4" | "u2";

/** Raw bits of a 16-bit float tensor. */
export interface HalfArray {
  readonly dtype: "f16" | "bf16";
  readonly bits: Uint16Array;
}

/** A dense float tensor in row-major order. */
export type Floats = Float32Array | HalfArray;

/** Extremes of one tensor. */
export interface Extremes {
  /** Smallest element other than NaN; +Infinity when there is none; never -0. */
  readonly min: number;
  /** Largest element other than NaN; -Infinity when there is none; never -0. */
  readonly max: number;
  readonly nanCount: number;
}

/** Statistics of one tensor. */
export interface RangeStatistics extends Extremes {
  readonly infCount: number;
  /** f64 sum of the finite elements. */
  readonly sum: number;
  /** f64 sum of the squares of the finite elements. */
  readonly sumSquares: number;
}

/** Ranges of every group of a view, indexed like its scales. */
export interface GroupRanges {
  /** Smallest element other than NaN; +Infinity for a group without one. */
  readonly min: Float32Array;
  /** Largest element other than NaN; -Infinity for a group without one. */
  readonly max: Float32Array;
  /** Largest magnitude; NaN when the group has a NaN, 0 for an empty group. */
  readonly absmax: Float32Array;
}

/** Which scales to choose. */
export interface ScaleSpec {
  readonly view: QuantView;
  readonly storage: IntegerType;
  /** Inclusive integer range that the codes may use. */
  readonly range: readonly [qmin: number, qmax: number];
  /** Symmetric: zeroPoint is 0 for signed storage and the middle of the type (128, 8, 2, 32768) for unsigned storage. */
  readonly symmetric: boolean;
  /** Every scale is exactly representable in this type. */
  readonly scaleDtype: FloatType;
}

/** Chosen scales, indexed as {@link QuantView} says. */
export interface Scales {
  readonly scale: Float32Array;
  /** Absent when every zero point is 0 by construction (symmetric, signed storage). */
  readonly zeroPoint?: Int32Array;
  /** Groups that hold a NaN or an infinity; their scale is 1 and means nothing. */
  readonly nonFiniteGroups: number;
}

/** How integers stand for floats: real = scale · (q − zeroPoint), q in `range`. */
export interface QParams {
  readonly view: QuantView;
  readonly storage: IntegerType;
  readonly range: readonly [qmin: number, qmax: number];
  readonly scale: Float32Array;
  readonly zeroPoint?: Int32Array;
}

/** Integers of a tensor. */
export interface Quantized {
  /** Row-major codes, little-endian; sub-byte codes packed low bits first, unused high bits of the last byte zero. */
  readonly bytes: Uint8Array;
  /** Elements whose x / scale is NaN; they became qmin. Anything but 0 is an error of the input. */
  readonly nanCount: number;
}

/** Integers and the scales chosen for them. */
export interface QuantizedWeights extends Quantized, Scales {}

/** Differences between two tensors over the pairs in which both elements are finite; f64. */
export interface ErrorSums {
  readonly count: number;
  /** Pairs left out because an element is NaN or infinite. */
  readonly nonFiniteCount: number;
  /** Σ (a − b)² */
  readonly squaredError: number;
  /** Σ a² */
  readonly squaresA: number;
  /** Σ b² */
  readonly squaresB: number;
  /** Σ a·b */
  readonly dot: number;
  /** max |a − b| */
  readonly maxAbsError: number;
}

/** Shape of a matrix of fixed-size elements. */
export interface MatrixShape {
  readonly rows: number;
  readonly columns: number;
  readonly elementBytes: 1 | 2 | 4;
}

/**
 * The numeric kernels. Two implementations give the same bits for every input: `createKernels()` (WASM SIMD) and
 * `createOracleKernels()` (plain TypeScript). Arrays may have any length. All throw {@link NumericsError} at arguments that do not fit
 * together. Instances hold scratch memory and must not be shared between threads; they hold no other state.
 */
export interface Kernels {
  readonly implementation: "wasm" | "oracle";

  /**
   * A scratch window of `byteLength` bytes (at most {@link STAGE_LIMIT}) inside the kernels' own memory. Typed arrays made over
   * `window.buffer` within it are read in place instead of being copied. The same memory is handed out by every call.
   */
  stage(byteLength: number): Uint8Array;

  /** Range, special value counts and sums. */
  rangeOf(x: Floats): RangeStatistics;
  /** Range of every group of `view`. */
  groupRanges(x: Floats, view: QuantView): GroupRanges;

  /**
   * Adds to `counts` the elements of `x` binned over [lo, hi]: bin = floor((x − lo) · bins / (hi − lo)) in f32, clamped into the end bins;
   * NaN is ignored. Returns the extremes of `x`.
   */
  histogram(x: Floats, lo: number, hi: number, counts: Float64Array): Extremes;

  /**
   * Scales by range. Symmetric: absmax / (steps above the zero point, or below if fewer). Asymmetric: the range widened to hold 0,
   * (max − min) / (qmax − qmin), zeroPoint = clamp(roundHalfEven(qmin − min / scale)). The scale is rounded to `scaleDtype` before
   * anything follows from it and clamped to that type's normal positive range (f16: [2^-14, 65504]). A group of zeros gets scale 1 and
   * the zero point nearest to 0.
   */
  computeScales(x: Floats, spec: ScaleSpec): Scales;
  /** The scales that {@link Kernels.computeScales} chooses for groups of the given ranges (NaN in absmax: non-finite group). */
  scalesFromRanges(ranges: GroupRanges, spec: ScaleSpec): Scales;
  /** q = clamp(roundHalfEven(x / scale) + zeroPoint, qmin, qmax), x / scale in f32 (ONNX QuantizeLinear). */
  quantize(x: Floats, q: QParams): Quantized;
  /** {@link Kernels.computeScales} and {@link Kernels.quantize} in one pass over `x`. */
  quantizeWeights(x: Floats, spec: ScaleSpec): QuantizedWeights;
  /** x = f32(q − zeroPoint) · scale in f32. */
  dequantize(bytes: Uint8Array, q: QParams): Float32Array;
  /** For every group Σ (x − dequantize(quantize(x)))² in f64; NaN for a group with a non-finite difference. */
  groupErrors(x: Floats, q: QParams): Float64Array;
  /** Sums over element pairs, for SQNR, cosine and maximum error. */
  errorSums(a: Floats, b: Floats): ErrorSums;

  /** Widens 16-bit floats, exactly; a Float32Array is copied. */
  toFloat32(x: Floats): Float32Array;
  /** Rounds to 16 bits, half to even; f16 overflows to infinity, NaN stays NaN. */
  toHalf(x: Float32Array, dtype: "f16" | "bf16"): Uint16Array;

  /** Row-major `rows`×`columns` bytes transposed to `columns`×`rows`. */
  transpose(bytes: Uint8Array, shape: MatrixShape): Uint8Array;
}

/** Largest window that {@link Kernels.stage} gives, in bytes. */
export const STAGE_LIMIT: number = 8 * 1024 * 1024;
