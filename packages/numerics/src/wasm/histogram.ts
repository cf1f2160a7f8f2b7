import { lengthOf } from "../floats.js";
import { checkedBinsPerUnit } from "../histogram-range.js";
import type { Floats } from "../kernels.js";
import type { Engine } from "./engine.js";
import { ADDRESS, CHUNK } from "./layout.js";
import { chunksOf, stageFloats } from "./staging.js";

/** As the oracle's histogram. */
export function histogram(engine: Engine, x: Floats, span: { lo: number; hi: number }, counts: Float64Array): void {
  const bins = counts.length;
  const binsPerUnit = checkedBinsPerUnit(span.lo, span.hi, bins);
  addTables(engine, x, counts, (src, count) => engine.run.histogram(src, count, span.lo, binsPerUnit, bins, ADDRESS.tables));
}

/** As the oracle's histogramAbs. */
export function histogramAbs(engine: Engine, x: Floats, hi: number, counts: Float64Array): void {
  const bins = counts.length;
  const binsPerUnit = checkedBinsPerUnit(0, hi, bins);
  addTables(engine, x, counts, (src, count) => engine.run.histogramAbs(src, count, binsPerUnit, bins, ADDRESS.tables));
}

function addTables(engine: Engine, x: Floats, counts: Float64Array, fill: (src: number, count: number) => number): void {
  const bins = counts.length;
  const at = ADDRESS.tables / 4;
  engine.u32.fill(0, at, at + bins * 4);
  let nanCount = 0;
  for (const range of chunksOf(lengthOf(x), CHUNK)) nanCount += fill(stageFloats(engine, x, range), range.count);
  engine.run.mergeTables(bins, ADDRESS.tables);
  for (let bin = 0; bin < bins; bin += 1) counts[bin] = (counts[bin] as number) + (engine.u32[at + bin] as number);
  counts[0] = (counts[0] as number) - nanCount;
}
