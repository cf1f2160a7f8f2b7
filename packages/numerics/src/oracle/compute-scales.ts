import { bf16ToNumber, numberToBf16 } from "../bfloat16.js";
import { f16ToNumber, numberToF16 } from "../float16.js";
import type { Floats, FloatType, GroupRanges, Scales, ScaleSpec } from "../kernels.js";
import { checkRanges, checkScaleSpec, symmetricSteps, symmetricZeroPoint } from "../qparams.js";
import { roundHalfEven } from "../round.js";
import { scaleLimits } from "../scale-limits.js";
import { groupRanges } from "./group-ranges.js";

/** Scales (and zero points) of every group by its range. */
export function computeScales(x: Floats, spec: ScaleSpec): Scales {
  checkScaleSpec(spec);
  return scalesFromRanges(groupRanges(x, spec.view), spec);
}

/** Scales (and zero points) for groups of the given ranges. */
export function scalesFromRanges(ranges: GroupRanges, spec: ScaleSpec): Scales {
  checkScaleSpec(spec);
  checkRanges(ranges, spec.view);
  const { min, max, absmax } = ranges;
  const nonFiniteGroups = absmax.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
  if (!spec.symmetric) return { ...asymmetricScales(min, max, absmax, spec), nonFiniteGroups };
  const steps = symmetricSteps(spec);
  const scale = absmax.map((largest) => (isUsable(largest) ? roundedScale(Math.fround(largest / steps), spec.scaleDtype) : 1));
  const zeroPoint = symmetricZeroPoint(spec.storage);
  return zeroPoint === 0 ? { scale, nonFiniteGroups } : { scale, zeroPoint: new Int32Array(scale.length).fill(zeroPoint), nonFiniteGroups };
}

type SpecWithoutView = Omit<ScaleSpec, "view">;

function asymmetricScales(min: Float32Array, max: Float32Array, absmax: Float32Array, spec: SpecWithoutView) {
  const [qmin, qmax] = spec.range;
  const scale = new Float32Array(min.length).fill(1);
  const zeroPoint = new Int32Array(min.length).fill(Math.min(Math.max(0, qmin), qmax));
  absmax.forEach((largest, group) => {
    if (!isUsable(largest)) return;
    const low = Math.min(min[group] as number, 0);
    const width = Math.fround(Math.max(max[group] as number, 0) - low);
    const step = roundedScale(Math.fround(width / (qmax - qmin)), spec.scaleDtype);
    scale[group] = step;
    const position = Math.fround(qmin - Math.fround(low / step));
    zeroPoint[group] = Math.min(Math.max(roundHalfEven(position), qmin), qmax);
  });
  return { scale, zeroPoint };
}

/** False for a group of zeros, and for one with a NaN or an infinity: these get scale 1. */
function isUsable(absmax: number): boolean {
  return absmax > 0 && absmax < Number.POSITIVE_INFINITY;
}

/** `scale` rounded half to even to `dtype` and clamped to its normal positive numbers. */
function roundedScale(scale: number, dtype: FloatType): number {
  const [smallest, largest] = scaleLimits[dtype];
  const rounded = { f32: scale, f16: f16ToNumber(numberToF16(scale)), bf16: bf16ToNumber(numberToBf16(scale)) }[dtype];
  return Math.min(Math.max(rounded, smallest), largest);
}
