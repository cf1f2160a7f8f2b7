import { lengthMismatch } from "../errors.js";
import type { ErrorSums, Floats } from "../kernels.js";
import { toFloat32 } from "./convert.js";
import { sumOfLanes } from "./lanes.js";

/** Sums over the pairs (a, b) that are both finite, pair i in lane i mod 4. */
export function errorSums(a: Floats, b: Floats): ErrorSums {
  const [left, right] = [toFloat32(a), toFloat32(b)];
  if (left.length !== right.length) throw lengthMismatch("The second tensor", right.length, left.length);
  const count = left.length;
  const finite = (i: number) => Number.isFinite((left[i] as number) - (right[i] as number));
  const sumOf = (term: (x: number, y: number) => number) =>
    sumOfLanes(count, (i) => (finite(i) ? term(left[i] as number, right[i] as number) : 0));
  let [maxAbsError, nonFiniteCount] = [0, 0];
  for (let i = 0; i < count; i += 1) {
    if (finite(i)) maxAbsError = Math.max(maxAbsError, Math.abs((left[i] as number) - (right[i] as number)));
    else nonFiniteCount += 1;
  }
  return {
    count: count - nonFiniteCount,
    nonFiniteCount,
    squaredError: sumOf((x, y) => (x - y) ** 2),
    squaresA: sumOf((x) => x ** 2),
    squaresB: sumOf((_, y) => y ** 2),
    dot: sumOf((x, y) => x * y),
    maxAbsError,
  };
}
