import { elementCount, type Node, type Value } from "@vlm-export/ir";
import { numbersOf, tensorOf } from "@vlm-export/ops";
import { bothOrders, integersOf, numberOfConstant, producerOf, rankOf, scalarOf, trailingShape, uncast } from "./match.js";

/** x over trailing axes, divided by a root of its own mean square (RMS) or variance (layer norm) plus ε. */
export interface NormCore {
  /** As the formula's first operator reads it; casts between float types may come before. */
  readonly x: Value;
  /** First of the normalized axes, from 0. */
  readonly axis: number;
  readonly epsilon: number;
}

/** Casts between float types may stand anywhere: models of half precision compute norms in f32. */
const bare = (value: Value | null | undefined): Value | undefined => (value ? uncast(value) : undefined);

/** All readings of `node` as numerator / √radicand: with Div, with Reciprocal, with 1 / √, with powers of ±0.5. */
export function rootQuotients(node: Node): readonly (readonly [numerator: Value, radicand: Value])[] {
  const [a, b] = node.inputs;
  const pairs = node.op === "Div" && a && b ? [[a, underRoot(b)] as const] : node.op === "Mul" ? bothOrders(node).map(inverseLast) : [];
  return pairs.flatMap(([numerator, radicand]) => (radicand ? [[numerator, radicand] as const] : []));
}

function inverseLast([numerator, inverse]: readonly [Value, Value]): readonly [Value, Value | undefined] {
  return [numerator, underInverseRoot(inverse)];
}

function underRoot(value: Value): Value | undefined {
  return bare(producerOf(bare(value), "Sqrt")?.inputs[0]) ?? underPower(value, 0.5);
}

/** m when `value` is 1/√m. */
export function underInverseRoot(value: Value): Value | undefined {
  const reciprocal = producerOf(bare(value), "Reciprocal")?.inputs[0];
  const division = producerOf(bare(value), "Div");
  const root = reciprocal ?? (scalarOf(division?.inputs[0]) === 1 ? division?.inputs[1] : undefined);
  return root ? underRoot(root) : underPower(value, -0.5);
}

function underPower(value: Value, exponent: number): Value | undefined {
  const pow = producerOf(bare(value), "Pow");
  return numberOfConstant(pow?.inputs[1]) === exponent ? bare(pow?.inputs[0]) : undefined;
}

/** When `radicand` is mean(v²) + ε over trailing axes: v, the first axis and ε. */
export function meanSquareOf(radicand: Value): NormCore | undefined {
  const sum = producerOf(radicand, "Add");
  for (const [mean, small] of sum ? bothOrders(sum) : []) {
    const epsilon = scalarOf(small);
    const [squares, axis] = trailingMean(mean) ?? [];
    const x = squareOf(squares);
    if (epsilon !== undefined && x && axis !== undefined) return { x, axis, epsilon };
  }
  return undefined;
}

/** When `value` is x − mean(x) over trailing axes: x and the first axis. */
export function centredOf(value: Value): { readonly x: Value; readonly axis: number } | undefined {
  const sub = producerOf(uncast(value), "Sub");
  const [x, subtrahend] = sub?.inputs ?? [];
  const [averaged, axis] = (subtrahend && trailingMean(subtrahend)) ?? [];
  return x && averaged && axis !== undefined && uncast(averaged) === uncast(x) ? { x, axis } : undefined;
}

/** What a mean over trailing axes with kept dimensions averages, and the first axis. */
export function trailingMean(value: Value): readonly [Value, number] | undefined {
  const average = averageOf(uncast(value));
  const [x] = average?.reduction.inputs ?? [];
  const first = average && x ? firstOfTrailing(average.reduction, x) : undefined;
  return x && first !== undefined && average?.isOver(extentsFrom(x, first)) ? [x, first] : undefined;
}

interface Average {
  readonly reduction: Node;
  /** Whether it is the mean of that many elements, exactly or as the type of the constant in it rounds. */
  isOver(count: number | undefined): boolean;
}

/** A value as a mean, as sum / count or as sum · (1 / count). */
function averageOf(value: Value): Average | undefined {
  const mean = producerOf(value, "ReduceMean");
  if (mean) return { reduction: mean, isOver: () => true };
  const [dividend, divisor] = producerOf(value, "Div")?.inputs ?? [];
  const divided = producerOf(dividend, "ReduceSum");
  if (divided) return { reduction: divided, isOver: (count) => count !== undefined && count === scalarOf(divisor) };
  const product = producerOf(value, "Mul");
  const [sum, share] = (product && bothOrders(product).find(([, factor]) => scalarOf(factor) !== undefined)) ?? [];
  const reduction = producerOf(sum, "ReduceSum");
  const rounded = (count: number): number | undefined => numbersOf(tensorOf((share as Value).type.dtype, [], [1 / count]))[0];
  return reduction && { reduction, isOver: (count) => count !== undefined && rounded(count) === scalarOf(share) };
}

/** First of the axes that a reduction runs over, when they are the last ones of x and stay as extents of 1. */
function firstOfTrailing(reduction: Node, x: Value): number | undefined {
  const rank = rankOf(x);
  if (rank === undefined || reduction.attrs["keepdims"] === 0) return undefined;
  const axes = integersOf(reduction.inputs[1])?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? [];
  const first = rank - axes.length;
  return axes.length > 0 && axes.toSorted((a, b) => a - b).every((axis, i) => axis === first + i) ? first : undefined;
}

/** Number of elements that the axes from `first` on span. */
function extentsFrom(x: Value, first: number): number | undefined {
  const shape = trailingShape(x, first);
  return shape && elementCount(shape);
}

/** v when `value` is v² written as Pow(v, 2) or Mul(v, v). */
function squareOf(value: Value | undefined): Value | undefined {
  const pow = producerOf(bare(value), "Pow");
  if (numberOfConstant(pow?.inputs[1]) === 2) return pow?.inputs[0] ?? undefined;
  const mul = producerOf(bare(value), "Mul");
  return mul && mul.inputs[0] === mul.inputs[1] ? (mul.inputs[0] ?? undefined) : undefined;
}
