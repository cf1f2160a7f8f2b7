import { lengthOf } from "../floats.js";
import type { Floats, GroupRanges, Scales, ScaleSpec } from "../kernels.js";
import { checkRanges, checkScaleSpec, symmetricSteps, symmetricZeroPoint } from "../qparams.js";
import { checkElementCount } from "../view.js";
import type { Engine } from "./engine.js";
import { groupAbsmax, groupRanges } from "./group-ranges.js";
import { ADDRESS, MAX_GROUPS } from "./layout.js";
import { chunksOf } from "./staging.js";

/** Scale types as assembly/scales.ts numbers them. */
const SCALE_TYPES = { f32: 0, f16: 1, bf16: 2 } as const;

/** As the oracle's computeScales. */
export function computeScales(engine: Engine, x: Floats, spec: ScaleSpec): Scales {
  checkScaleSpec(spec);
  checkElementCount(spec.view, lengthOf(x));
  if (spec.symmetric) return symmetricScales(engine, groupAbsmax(engine, x, spec.view), spec);
  return asymmetricScales(engine, groupRanges(engine, x, spec.view), spec);
}

/** As the oracle's scalesFromRanges. */
export function scalesFromRanges(engine: Engine, ranges: GroupRanges, spec: ScaleSpec): Scales {
  checkScaleSpec(spec);
  checkRanges(ranges, spec.view);
  return spec.symmetric ? symmetricScales(engine, ranges.absmax, spec) : asymmetricScales(engine, ranges, spec);
}

function symmetricScales(engine: Engine, absmax: Float32Array, spec: ScaleSpec): Scales {
  const scale = new Float32Array(absmax.length);
  let nonFiniteGroups = 0;
  for (const { start, count } of chunksOf(absmax.length, MAX_GROUPS)) {
    engine.f32.set(absmax.subarray(start, start + count), ADDRESS.absmax / 4);
    nonFiniteGroups += chooseScales(engine, spec, count);
    scale.set(engine.f32.subarray(ADDRESS.scales / 4, ADDRESS.scales / 4 + count), start);
  }
  const zeroPoint = symmetricZeroPoint(spec.storage);
  return zeroPoint === 0 ? { scale, nonFiniteGroups } : { scale, zeroPoint: new Int32Array(scale.length).fill(zeroPoint), nonFiniteGroups };
}

function asymmetricScales(engine: Engine, ranges: GroupRanges, spec: ScaleSpec): Scales {
  const scale = new Float32Array(ranges.min.length);
  const zeroPoint = new Int32Array(ranges.min.length);
  let nonFiniteGroups = 0;
  for (const { start, count } of chunksOf(scale.length, MAX_GROUPS)) {
    engine.f32.set(ranges.min.subarray(start, start + count), ADDRESS.lows / 4);
    engine.f32.set(ranges.max.subarray(start, start + count), ADDRESS.highs / 4);
    engine.f32.set(ranges.absmax.subarray(start, start + count), ADDRESS.absmax / 4);
    nonFiniteGroups += chooseScales(engine, spec, count);
    scale.set(engine.f32.subarray(ADDRESS.scales / 4, ADDRESS.scales / 4 + count), start);
    zeroPoint.set(engine.i32.subarray(ADDRESS.zeroPoints / 4, ADDRESS.zeroPoints / 4 + count), start);
  }
  return { scale, zeroPoint, nonFiniteGroups };
}

/**
 * Fills the `scales` region (and `zeroPoints`, if asymmetric) for the first `count` groups from the `absmax` (`lows`, `highs`) regions;
 * returns the number of groups with NaN or infinity.
 */
export function chooseScales({ run }: Engine, spec: ScaleSpec, count: number): number {
  const dtype = SCALE_TYPES[spec.scaleDtype];
  const { absmax, lows, highs, scales, zeroPoints } = ADDRESS;
  if (spec.symmetric) return run.symmetricScales(absmax, scales, count, symmetricSteps(spec), dtype);
  return run.asymmetricScales(lows, highs, absmax, scales, zeroPoints, count, spec.range[0], spec.range[1], dtype);
}
