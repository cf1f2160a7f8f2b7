import type { TensorData } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { indexIn } from "./indices.js";
import { bigintsOf, integersOf, isIntegerType, numbersOf, tensorOf, tensorOfBigints } from "./small-tensor.js";
import { stridedIndices, stridesOf, takeFrom } from "./take.js";

/**
 * For each element of `indices`: the flat index into data of `shape` at its own position, but with the index along `axis`.
 * Throws VX-OP-INDEX.
 */
export function elementTargets(op: string, shape: readonly number[], indices: TensorData, axis: number): Int32Array {
  const strides = stridesOf(shape);
  const stride = strides[axis] as number;
  const base = stridedIndices(
    indices.shape,
    strides.map((each, i) => (i === axis ? 0 : each)),
  );
  const values = integersOf(indices);
  return base.map((start, k) => start + indexIn(op, values[k] as number, shape[axis] as number) * stride);
}

/** Flat start of every slice that an index tensor [..., n] names: its rows index the `n` axes of `shape` from `first` on. Throws VX-OP-INDEX. */
export function sliceStarts(op: string, shape: readonly number[], indices: TensorData, first = 0): readonly number[] {
  const depth = indices.shape.at(-1) ?? 0;
  const strides = stridesOf(shape);
  const values = integersOf(indices);
  const rows = elementCount(indices.shape.slice(0, -1));
  return Array.from({ length: rows }, (_, row) => {
    let start = 0;
    for (let i = 0; i < depth; i += 1)
      start += indexIn(op, values[row * depth + i] as number, shape[first + i] as number) * (strides[first + i] as number);
    return start;
  });
}

/** How an update meets what is there. */
export type Reduction = "none" | "add" | "mul" | "min" | "max";

export const REDUCTIONS: ReadonlySet<string> = new Set<Reduction>(["none", "add", "mul", "min", "max"]);

/** data with updates[k] put at flat index targets[k]; a reduction combines it with what is there, in order. */
export function scatter(data: TensorData, updates: TensorData, targets: ArrayLike<number>, reduction: Reduction): TensorData {
  if (reduction === "none") {
    const latest = new Map(Array.from(targets, (target, k): [number, number] => [target, k]));
    const source = (k: number): number => (latest.has(k) ? 1 : 0);
    return takeFrom([data, updates], data.shape, { source, index: (k) => latest.get(k) ?? k });
  }
  if (isIntegerType(data.dtype)) {
    const values = Array.from<bigint>(bigintsOf(data) as ArrayLike<bigint>);
    const news = bigintsOf(updates);
    Array.from(targets).forEach((target, k) => (values[target] = combineIntegers(reduction, values[target] as bigint, news[k] as bigint)));
    return tensorOfBigints(data.dtype, data.shape, values);
  }
  const values = numbersOf(data);
  const news = numbersOf(updates);
  Array.from(targets).forEach((target, k) => (values[target] = combineReals(reduction, values[target] as number, news[k] as number)));
  return tensorOf(data.dtype, data.shape, values);
}

function combineReals(reduction: Reduction, a: number, b: number): number {
  if (reduction === "add") return a + b;
  if (reduction === "mul") return a * b;
  return reduction === "min" ? Math.min(a, b) : Math.max(a, b);
}

function combineIntegers(reduction: Reduction, a: bigint, b: bigint): bigint {
  if (reduction === "add") return a + b;
  if (reduction === "mul") return BigInt.asIntN(64, a * b);
  return (reduction === "min") === a < b ? a : b;
}
