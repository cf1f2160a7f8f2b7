import type { Floats, RangeStatistics } from "../kernels.js";
import { toFloat32 } from "./convert.js";
import { sumOfLanes } from "./lanes.js";

/** min, max over all but NaN; sums over the finite elements, element i into lane i mod 4. */
export function rangeOf(x: Floats): RangeStatistics {
  const values = toFloat32(x);
  const finite = values.map((value) => (Number.isFinite(value) ? value : 0));
  let [min, max, nanCount, infCount] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
    if (Number.isNaN(value)) nanCount += 1;
    else if (!Number.isFinite(value)) infCount += 1;
  }
  const sum = sumOfLanes(finite.length, (i) => finite[i] as number);
  const sumSquares = sumOfLanes(finite.length, (i) => (finite[i] as number) ** 2);
  return { min: min + 0, max: max + 0, nanCount, infCount, sum, sumSquares };
}
