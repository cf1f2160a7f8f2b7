import {
  type Floats,
  type FloatType,
  type Kernels,
  numberToBf16,
  bf16ToNumber,
  f16ToNumber,
  numberToF16,
  type QParams,
  type Scales,
  scaleLimits,
  type ScaleSpec,
} from "@vlm-export/numerics";

/** Shares of the min-max scale that are tried: a range clipped to less than half is never best for weights. */
const SHRINKS: readonly number[] = Array.from({ length: 20 }, (_, i) => 0.975 - i * 0.025);

const ROUND: Readonly<Record<FloatType, (scale: number) => number>> = {
  f32: Math.fround,
  f16: (scale) => f16ToNumber(numberToF16(scale)),
  bf16: (scale) => bf16ToNumber(numberToBf16(scale)),
};

/** A scale rounded half to even to `dtype` and clamped to its normal positive numbers. */
export function roundedScale(scale: number, dtype: FloatType): number {
  const [smallest, largest] = scaleLimits[dtype];
  return Math.min(Math.max(ROUND[dtype](scale), smallest), largest);
}

/**
 * Per group the scale s · k, k in 1, 0.975 … 0.5, with the least Σ (x − x̂)²; s is the scale by range. Zero points stay: both ends
 * are clipped alike.
 */
export function mseScales(x: Floats, spec: ScaleSpec, kernels: Kernels): Scales {
  const { scale: whole, zeroPoint, nonFiniteGroups } = kernels.computeScales(x, spec);
  const scale = whole.slice();
  const errors = kernels.groupErrors(x, qparams(spec, scale, zeroPoint));
  for (const shrink of SHRINKS) {
    const candidate = whole.map((value) => roundedScale(value * shrink, spec.scaleDtype));
    kernels.groupErrors(x, qparams(spec, candidate, zeroPoint)).forEach((error, group) => {
      if (error >= (errors[group] as number)) return;
      errors[group] = error;
      scale[group] = candidate[group] as number;
    });
  }
  return { scale, ...(zeroPoint && { zeroPoint }), nonFiniteGroups };
}

function qparams({ view, storage, range }: ScaleSpec, scale: Float32Array, zeroPoint: Int32Array | undefined): QParams {
  return { view, storage, range, scale, ...(zeroPoint && { zeroPoint }) };
}
