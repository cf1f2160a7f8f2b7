import { lengthOf } from "../floats.js";
import type { Floats, RangeStatistics } from "../kernels.js";
import type { Engine } from "./engine.js";
import { sumOfLanes } from "./lanes.js";
import { ADDRESS, CHUNK } from "./layout.js";
import { chunksOf, stageFloats } from "./staging.js";

/** Offsets in the state of assembly/range-of.ts, in 4-byte words. */
const [LOWS, HIGHS, NANS, INFS] = [16, 20, 24, 28];

/** As the oracle's rangeOf. */
export function rangeOf(engine: Engine, x: Floats): RangeStatistics {
  const words = ADDRESS.state / 4;
  engine.u32.fill(0, words, words + 32);
  engine.f32.fill(Number.POSITIVE_INFINITY, words + LOWS, words + LOWS + 4);
  engine.f32.fill(Number.NEGATIVE_INFINITY, words + HIGHS, words + HIGHS + 4);
  for (const range of chunksOf(lengthOf(x), CHUNK)) engine.run.rangeOf(stageFloats(engine, x, range), range.count, ADDRESS.state);
  const floats = (offset: number) => engine.f32.subarray(words + offset, words + offset + 4);
  const total = (offset: number) => engine.u32.subarray(words + offset, words + offset + 4).reduce((a, b) => a + b, 0);
  return {
    min: Math.min(...floats(LOWS)) + 0,
    max: Math.max(...floats(HIGHS)) + 0,
    nanCount: total(NANS),
    infCount: total(INFS),
    sum: sumOfLanes(engine.f64, ADDRESS.state / 8),
    sumSquares: sumOfLanes(engine.f64, ADDRESS.state / 8 + 4),
  };
}
