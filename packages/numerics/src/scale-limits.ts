import type { FloatType } from "./kernels.js";

/**
 * Smallest and largest scale in each type: its positive normal numbers. Subnormal block scales make XNNPACK refuse a model, and many
 * engines flush them to zero.
 */
export const scaleLimits: Readonly<Record<FloatType, readonly [smallest: number, largest: number]>> = {
  f32: [2 ** -126, (2 - 2 ** -23) * 2 ** 127],
  f16: [2 ** -14, 65504],
  bf16: [2 ** -126, (2 - 2 ** -7) * 2 ** 127],
};

/** The largest scale, groups of zeros, which have scale 1, aside; 0 when there is none. */
export function largestScale(scale: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < scale.length; i += 1) {
    const value = scale[i] as number;
    if (value > largest && value !== 1) largest = value;
  }
  return largest;
}
