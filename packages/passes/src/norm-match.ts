import type { Node, Value } from "@vlm-export/ir";
import { integersOf, producerOf, scalarOf } from "./match.js";

/** First of the trailing axes of `x` that the ReduceMean covers, with kept dimensions; undefined when it covers others. */
export function trailingAxis(mean: Node | undefined, x: Value): number | undefined {
  const rank = x.type.shape?.length;
  if (mean?.op !== "ReduceMean" || mean.inputs[0] !== x || rank === undefined || mean.attrs["keepdims"] === 0) return undefined;
  const axes = integersOf(mean.inputs[1])
    ?.map((axis) => (axis < 0 ? axis + rank : axis))
    .sort((a, b) => a - b);
  if (!axes || axes.length === 0) return undefined;
  const first = rank - axes.length;
  return axes.every((axis, i) => axis === first + i) ? first : undefined;
}

/** v when `value` is v² written as Pow(v, 2) or Mul(v, v). */
export function squareOf(value: Value | null | undefined): Value | undefined {
  const pow = producerOf(value, "Pow");
  if (pow) return (scalarOf(pow.inputs[1]) ?? integersOf(pow.inputs[1])?.[0]) === 2 ? (pow.inputs[0] ?? undefined) : undefined;
  const mul = producerOf(value, "Mul");
  return mul && mul.inputs[0] === mul.inputs[1] ? (mul.inputs[0] ?? undefined) : undefined;
}
