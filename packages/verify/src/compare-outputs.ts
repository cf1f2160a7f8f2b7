import { elementCount, type TensorData } from "@vlm-export/ir";
import { type ErrorSums, floatsFromBytes, type Kernels } from "@vlm-export/numerics";

/** How far quantized numbers are from float ones. */
export interface NumericError {
  /** Σab / √(Σa²·Σb²); 1 when both are all zeros. */
  readonly cosine: number;
  /** 10·log₁₀(Σa² / Σ(a − b)²); Infinity when equal. */
  readonly sqnrDb: number;
  readonly maxAbsError: number;
  readonly elements: number;
  /** Pairs in which an element is NaN or infinite. */
  readonly nonFinite: number;
}

const NONE: ErrorSums = { count: 0, nonFiniteCount: 0, squaredError: 0, squaresA: 0, squaresB: 0, dot: 0, maxAbsError: 0 };

/** Adds up the differences of many tensors: over samples, over outputs. Values of another type than f32 are compared as numbers. */
export class NumericComparison {
  private sums: ErrorSums = NONE;
  private readonly kernels: Kernels;

  constructor(kernels: Kernels) {
    this.kernels = kernels;
  }

  /** Adds one pair. Tensors of different element counts count every element as infinite error. */
  add(float: TensorData, quantized: TensorData): void {
    const [a, b] = [toFloats(float), toFloats(quantized)];
    if (a.length !== b.length) {
      this.sums = { ...this.sums, maxAbsError: Number.POSITIVE_INFINITY, squaredError: Number.POSITIVE_INFINITY };
      return;
    }
    const sums = this.kernels.errorSums(a, b);
    this.sums = {
      count: this.sums.count + sums.count,
      nonFiniteCount: this.sums.nonFiniteCount + sums.nonFiniteCount,
      squaredError: this.sums.squaredError + sums.squaredError,
      squaresA: this.sums.squaresA + sums.squaresA,
      squaresB: this.sums.squaresB + sums.squaresB,
      dot: this.sums.dot + sums.dot,
      maxAbsError: Math.max(this.sums.maxAbsError, sums.maxAbsError),
    };
  }

  result(): NumericError {
    const { count, nonFiniteCount, squaredError, squaresA, squaresB, dot, maxAbsError } = this.sums;
    const norm = Math.sqrt(squaresA) * Math.sqrt(squaresB);
    return {
      cosine: norm > 0 ? dot / norm : squaresA === squaresB ? 1 : 0,
      sqnrDb: squaredError === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(squaresA / squaredError),
      maxAbsError,
      elements: count + nonFiniteCount,
      nonFinite: nonFiniteCount,
    };
  }
}

/** The tensor's numbers in f32; integers beyond 2^24 are rounded. */
export function toFloats(data: TensorData): Float32Array {
  const bytes = data.bytes();
  const { dtype } = data;
  if (dtype === "f32") return floatsFromBytes(bytes, "f32") as Float32Array;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = READERS[dtype];
  if (!read) return new Float32Array(0);
  return Float32Array.from({ length: elementCount(data.shape) }, (_, i) => read(view, i));
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
