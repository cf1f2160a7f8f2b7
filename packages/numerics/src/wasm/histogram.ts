import { lengthOf } from "../floats.js";
import { checkedBinsPerUnit } from "../histogram-range.js";
import type { Extremes, Floats } from "../kernels.js";
import type { Engine } from "./engine.js";
import { ADDRESS, CHUNK } from "./layout.js";
import { chunksOf, stageFloats } from "./staging.js";

/** As the oracle's histogram. */
export function histogram(engine: Engine, x: Floats, span: { lo: number; hi: number }, counts: Float64Array): Extremes {
  const bins = counts.length;
  const binsPerUnit = checkedBinsPerUnit(span.lo, span.hi, bins);
  const [at, lanes] = [ADDRESS.tables / 4, ADDRESS.state / 4];
  engine.u32.fill(0, at, at + bins * 4);
  engine.f32.fill(Number.POSITIVE_INFINITY, lanes, lanes + 4);
  engine.f32.fill(Number.NEGATIVE_INFINITY, lanes + 4, lanes + 8);
  let nanCount = 0;
  for (const range of chunksOf(lengthOf(x), CHUNK))
    nanCount += engine.run.histogram(stageFloats(engine, x, range), range.count, span.lo, binsPerUnit, bins, ADDRESS.tables, ADDRESS.state);
  engine.run.mergeTables(bins, ADDRESS.tables);
  const { u32, f32 } = engine;
  for (let bin = 0; bin < bins; bin += 1) counts[bin] = (counts[bin] as number) + (u32[at + bin] as number);
  counts[0] = (counts[0] as number) - nanCount;
  return {
    min: Math.min(...f32.subarray(lanes, lanes + 4)) + 0,
    max: Math.max(...f32.subarray(lanes + 4, lanes + 8)) + 0,
    nanCount,
  };
}
