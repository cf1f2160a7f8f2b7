import { lengthOf } from "../floats.js";
import { checkedBinsPerUnit } from "../histogram-range.js";
import type { Extremes, Floats } from "../kernels.js";
import type { Engine } from "./engine.js";
import { ADDRESS, CHUNK } from "./layout.js";
import { chunksOf, stageFloats } from "./staging.js";

const TABLES = 4;

/** As the oracle's histogram. The tables are zero between calls; only what lies between the extremes is read and cleared. */
export function histogram(engine: Engine, x: Floats, span: { lo: number; hi: number }, counts: Float64Array): Extremes {
  const bins = counts.length;
  const binsPerUnit = checkedBinsPerUnit(span.lo, span.hi, bins);
  const { f32, run } = engine;
  const lanes = ADDRESS.state / 4;
  f32.fill(Number.POSITIVE_INFINITY, lanes, lanes + 4);
  f32.fill(Number.NEGATIVE_INFINITY, lanes + 4, lanes + 8);
  let nanCount = 0;
  for (const range of chunksOf(lengthOf(x), CHUNK))
    nanCount += run.histogram(stageFloats(engine, x, range), range.count, span.lo, binsPerUnit, bins, ADDRESS.tables, ADDRESS.state);
  const min = Math.min(...f32.subarray(lanes, lanes + 4));
  const max = Math.max(...f32.subarray(lanes + 4, lanes + 8));
  const binOf = (value: number): number => {
    const position = Math.fround(Math.fround(value - Math.fround(span.lo)) * binsPerUnit);
    return Math.min(Math.max(Math.floor(position), 0), bins - 1);
  };
  const first = nanCount > 0 ? 0 : binOf(min);
  takeBins(engine, counts, { first, end: Math.max(binOf(max), first) + 1 });
  counts[0] = (counts[0] as number) - nanCount;
  return { min: min + 0, max: max + 0, nanCount };
}

/** Moves bins [first, end) of the tables into `counts`. */
function takeBins({ run, u32 }: Engine, counts: Float64Array, { first, end }: { readonly first: number; readonly end: number }): void {
  const at = ADDRESS.tables / 4;
  run.mergeTables(counts.length, ADDRESS.tables, first, end);
  for (let bin = first; bin < end; bin += 1) counts[bin] = (counts[bin] as number) + (u32[at + bin] as number);
  for (let table = 0; table < TABLES; table += 1) {
    const start = at + table * counts.length;
    u32.fill(0, start + first, start + end);
  }
}
