import { elementCount, LARGEST_FINITE, type TensorData } from "@vlm-export/ir";
import { type ErrorSums, floatsFromBytes, type Kernels, widen } from "@vlm-export/numerics";

/** How far quantized numbers are from float ones. */
export interface NumericError {
  /** Σab / √(Σa²·Σb²); 1 when both are all zeros. */
  readonly cosine: number;
  /** 10·log₁₀(Σa² / Σ(a − b)²), at least {@link LEAST_DB}; Infinity when equal. */
  readonly sqnrDb: number;
  readonly maxAbsError: number;
  readonly elements: number;
  /** Pairs in which an element is NaN or infinite. */
  readonly nonFinite: number;
  /** Pairs of tensors that have not the same number of elements, and the shapes of the first. */
  readonly otherShapes?: { readonly pairs: number; readonly float: readonly number[]; readonly quantized: readonly number[] };
}

/** The least signal-to-noise ratio that is told apart. */
const LEAST_DB = -1000;
/** The error of an element that cannot be subtracted: the largest float32. */
const WRONG = LARGEST_FINITE.f32;
const NONE: ErrorSums = { count: 0, nonFiniteCount: 0, squaredError: 0, squaresA: 0, squaresB: 0, dot: 0, maxAbsError: 0 };

/**
 * Adds up the differences of many tensors: over samples, over outputs. Values of another type than f32 are compared as numbers, values
 * that are no numbers byte by byte. An element that is missing, or NaN or infinite where the other is not the same, counts as an error
 * of the largest float32; the same infinity or NaN on both sides is none. Where tensors have not the same number of elements, as those
 * that data decide, nothing is paired: every element counts against 0.
 */
export class NumericComparison {
  private sums: ErrorSums = NONE;
  private otherShapes: NumericError["otherShapes"];
  private readonly kernels: Kernels;

  constructor(kernels: Kernels) {
    this.kernels = kernels;
  }

  /** Adds one pair. */
  add(float: TensorData, quantized: TensorData): void {
    this.sums = sumOf(this.sums, this.#compared(float, quantized));
  }

  /** Adds a tensor that has no counterpart. */
  addMissing(float: TensorData): void {
    this.sums = sumOf(this.sums, wrong(Math.max(elementCount(float.shape), 1)));
  }

  #compared(float: TensorData, quantized: TensorData): ErrorSums {
    const count = elementCount(float.shape);
    const [a, b] = [toFloats(float), toFloats(quantized)];
    if (elementCount(quantized.shape) !== count) {
      const { pairs, ...first } = this.otherShapes ?? { pairs: 0, float: float.shape, quantized: quantized.shape };
      this.otherShapes = { pairs: pairs + 1, ...first };
      return a && b ? this.#unpaired(a, b) : wrong(Math.max(count, 1));
    }
    if (!a || !b) return Buffer.compare(float.bytes(), quantized.bytes()) === 0 ? { ...NONE, count } : wrong(Math.max(count, 1));
    const sums = this.kernels.errorSums(a, b);
    return sums.nonFiniteCount === 0 ? sums : sumOf(sums, wrong(unlikeNonFinite(a, b)));
  }

  #unpaired(a: Float32Array, b: Float32Array): ErrorSums {
    const [before, after] = [this.kernels.errorSums(a, new Float32Array(a.length)), this.kernels.errorSums(new Float32Array(b.length), b)];
    return sumOf(sumOf(before, after), wrong(before.nonFiniteCount + after.nonFiniteCount));
  }

  result(): NumericError {
    const { count, nonFiniteCount, squaredError, squaresA, squaresB, dot, maxAbsError } = this.sums;
    const norm = Math.sqrt(squaresA) * Math.sqrt(squaresB);
    return {
      cosine: norm > 0 ? Math.min(Math.max(dot / norm, -1), 1) : squaresA === squaresB ? 1 : 0,
      sqnrDb: squaredError === 0 ? Number.POSITIVE_INFINITY : Math.max(LEAST_DB, 10 * Math.log10(squaresA / squaredError)),
      maxAbsError,
      elements: count + nonFiniteCount,
      nonFinite: nonFiniteCount,
      ...(this.otherShapes && { otherShapes: this.otherShapes }),
    };
  }
}

function sumOf(x: ErrorSums, y: ErrorSums): ErrorSums {
  return {
    count: x.count + y.count,
    nonFiniteCount: x.nonFiniteCount + y.nonFiniteCount,
    squaredError: x.squaredError + y.squaredError,
    squaresA: x.squaresA + y.squaresA,
    squaresB: x.squaresB + y.squaresB,
    dot: x.dot + y.dot,
    maxAbsError: Math.max(x.maxAbsError, y.maxAbsError),
  };
}

/** Sums of `count` elements that are as wrong as can be. */
function wrong(count: number): ErrorSums {
  const squares = count * WRONG ** 2;
  return count === 0 ? NONE : { ...NONE, squaredError: squares, squaresB: squares, maxAbsError: WRONG };
}

/** Pairs with a NaN or an infinity that are not the same on both sides. */
function unlikeNonFinite(a: Float32Array, b: Float32Array): number {
  let count = 0;
  for (let i = 0; i < a.length; i += 1) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (!(Number.isFinite(x) && Number.isFinite(y)) && !Object.is(x, y)) count += 1;
  }
  return count;
}

/** The tensor's numbers in f32, integers beyond 2^24 and f64 rounded; undefined for types that are not read as numbers here. */
export function toFloats(data: TensorData): Float32Array | undefined {
  const bytes = data.bytes();
  const { dtype } = data;
  if (dtype === "f32" || dtype === "f16" || dtype === "bf16") {
    const floats = floatsFromBytes(bytes, dtype);
    return floats instanceof Float32Array ? floats : widen(floats.bits, floats.dtype);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = READERS[dtype];
  return read && Float32Array.from({ length: elementCount(data.shape) }, (_, i) => read(view, i));
}

const READERS: Readonly<Partial<Record<TensorData["dtype"], (view: DataView, index: number) => number>>> = {
  f64: (view, i) => view.getFloat64(i * 8, true),
  i64: (view, i) => Number(view.getBigInt64(i * 8, true)),
  u64: (view, i) => Number(view.getBigUint64(i * 8, true)),
  i32: (view, i) => view.getInt32(i * 4, true),
  u32: (view, i) => view.getUint32(i * 4, true),
  i16: (view, i) => view.getInt16(i * 2, true),
  u16: (view, i) => view.getUint16(i * 2, true),
  i8: (view, i) => view.getInt8(i),
  u8: (view, i) => view.getUint8(i),
  bool: (view, i) => view.getUint8(i),
};
