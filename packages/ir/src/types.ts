import type { DType } from "./dtype.js";
import type { TensorData } from "./tensor-data.js";

/**
 * Extent of one dimension: a non-negative integer, or a symbol such as `seq` that is equal wherever the same text occurs
 * in one Graph. Text may be a canonical expression (`seq+1`); symbols that begin with `?` have no name in the source.
 */
export type Dim = number | string;

/** How many scales a tensor has: 1; one per index of an axis; one per block along an axis; one per row at run time. */
export type Granularity = "tensor" | "channel" | "block" | "token";

/**
 * real = scale[b] · (q − zeroPoint[b]), b = floor(index / blockSize) on each axis; q = clamp(roundHalfEven(real / scale) + zeroPoint).
 * `scale.shape` has the value's rank and divides its shape (ceil): all 1 = per-tensor; the extent on one axis = per-channel;
 * otherwise blocked, blockSize[i] = ceil(shape[i] / scale.shape[i]). No zeroPoint = symmetric.
 */
export interface QuantSpec {
  /** Integer type that is kept. A constant's `data.dtype` equals it. */
  readonly storage: DType;
  /** Inclusive integer range; narrow i8 is −127..127. Values outside it are an invariant error. */
  readonly range: readonly [qmin: number, qmax: number];
  readonly granularity: Granularity;
  /** static: qparams from calibration or weights; dynamic: at run time, then there is no scale. */
  readonly mode: "static" | "dynamic";
  /** f32, f16 or bf16. */
  readonly scale?: TensorData;
  /** Same shape as scale; dtype = storage (i32 bias: absent). */
  readonly zeroPoint?: TensorData;
  /** Calibrated real range of an activation before it became qparams: a target that needs another encoding derives it from here. */
  readonly realRange?: readonly [min: number, max: number];
}

/**
 * Type of a value. `dtype` is the element type that ops compute with (the expressed type); `quant` says which integers
 * stand for it. Quantization is part of the type: Q/DQ nodes exist only in artifacts whose format needs them.
 * `shape` undefined = unknown rank.
 */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: readonly Dim[] | undefined;
  readonly quant?: QuantSpec;
  /** Encoded ONNX TypeProto of a value that is no tensor (sequence, optional, map); such values only pass through. */
  readonly foreign?: Uint8Array;
}

/** The shape as numbers, or undefined when the rank or an extent is not known. */
export function staticShape(type: TensorType): readonly number[] | undefined {
  return type.shape?.every((extent) => typeof extent === "number") ? (type.shape as readonly number[]) : undefined;
}

/** True when the two shapes have the same rank and every extent is the same number or symbol. */
export function sameShape(a: readonly Dim[] | undefined, b: readonly Dim[] | undefined): boolean {
  return a !== undefined && b !== undefined && a.length === b.length && a.every((extent, i) => extent === b[i]);
}
