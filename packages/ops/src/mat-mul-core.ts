import { elementCount } from "@vlm-export/ir";
import { broadcastIndices } from "./broadcast.js";

/** One operand: its elements and its shape, of at least two dimensions. */
export interface Matrices<T> {
  readonly values: ArrayLike<T>;
  readonly shape: readonly number[];
}

/** Sum of products over one kind of number. */
export interface Arithmetic<T> {
  readonly zero: T;
  readonly multiplyAdd: (sum: T, a: T, b: T) => T;
}

/** Products of floating-point numbers. */
export const REAL: Arithmetic<number> = { zero: 0, multiplyAdd: (sum, a, b) => sum + a * b };
/** Exact products. */
export const INTEGER: Arithmetic<bigint> = { zero: 0n, multiplyAdd: (sum, a, b) => sum + a * b };

/** Products of matrices whose leading extents broadcast to `batch`; row-major [...batch, M, N]. */
export function multiplyMatrices<T>(a: Matrices<T>, b: Matrices<T>, batch: readonly number[], { zero, multiplyAdd }: Arithmetic<T>): T[] {
  const [m, k] = [a.shape.at(-2) as number, a.shape.at(-1) as number];
  const n = b.shape.at(-1) as number;
  const [as, bs] = [broadcastIndices(a.shape.slice(0, -2), batch), broadcastIndices(b.shape.slice(0, -2), batch)];
  const out: T[] = [];
  for (let each = 0; each < elementCount(batch); each += 1) {
    const [aStart, bStart] = [(as[each] as number) * m * k, (bs[each] as number) * k * n];
    for (let cell = 0; cell < m * n; cell += 1) {
      const [row, column] = [Math.floor(cell / n), cell % n];
      let sum = zero;
      for (let i = 0; i < k; i += 1) sum = multiplyAdd(sum, a.values[aStart + row * k + i] as T, b.values[bStart + i * n + column] as T);
      out.push(sum);
    }
  }
  return out;
}

/** The shape with a leading 1 for a row vector, a trailing 1 for a column vector. */
export function asMatrix(shape: readonly number[], side: "row" | "column"): readonly number[] {
  if (shape.length !== 1) return shape;
  return side === "row" ? [1, ...shape] : [...shape, 1];
}

/** The leading extents that two stacks of matrices broadcast to. */
export function batchOf(a: readonly number[], b: readonly number[]): readonly number[] {
  const [x, y] = [a.slice(0, -2), b.slice(0, -2)];
  const rank = Math.max(x.length, y.length);
  return Array.from({ length: rank }, (_, i) => {
    const [p, q] = [x[i + x.length - rank] ?? 1, y[i + y.length - rank] ?? 1];
    return p === 1 ? q : p;
  });
}
