import { lengthMismatch } from "../errors.js";
import { lengthOf } from "../floats.js";
import type { ErrorSums, Floats } from "../kernels.js";
import type { Engine } from "./engine.js";
import { sumOfLanes } from "./lanes.js";
import { ADDRESS, CHUNK } from "./layout.js";
import { chunksOf, stageFloats } from "./staging.js";

/** As the oracle's errorSums. */
export function errorSums(engine: Engine, a: Floats, b: Floats): ErrorSums {
  const total = lengthOf(a);
  if (lengthOf(b) !== total) throw lengthMismatch("The second tensor", lengthOf(b), total);
  const at = ADDRESS.state / 8;
  engine.f64.fill(0, at, at + 24);
  for (const range of chunksOf(total, CHUNK)) {
    engine.run.errorSums(stageFloats(engine, a, range), stageFloats(engine, b, range, "codes"), range.count, ADDRESS.state);
  }
  const counts = new BigUint64Array(engine.f64.buffer, ADDRESS.state + 160, 4);
  const nonFiniteCount = counts.reduce((sum, count) => sum + Number(count), 0);
  return {
    count: total - nonFiniteCount,
    nonFiniteCount,
    squaredError: sumOfLanes(engine.f64, at),
    squaresA: sumOfLanes(engine.f64, at + 4),
    squaresB: sumOfLanes(engine.f64, at + 8),
    dot: sumOfLanes(engine.f64, at + 12),
    maxAbsError: Math.max(...engine.f64.subarray(at + 16, at + 20)),
  };
}
