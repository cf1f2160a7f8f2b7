import { roundHalfEven } from "@vlm-export/numerics";
import type { Grid, RealRange } from "./calibrators/calibrator.js";

/** Scale (exact in f32) and zero point of one activation. */
export interface ActivationQParams {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Smallest scale: its square, a bias scale, is a normal f32 number. */
export const SMALLEST_SCALE: number = 2 ** -63;
/** Largest scale: its integers stay finite numbers in f32. */
export const LARGEST_SCALE: number = 2 ** 120;

/** Code that stands for 0 when the grid is symmetric: 0 of signed, the middle (128, 32768) of unsigned storage. */
function symmetricZeroPointOf([qmin, qmax]: Grid["range"]): number {
  return qmin < 0 ? 0 : Math.ceil((qmin + qmax) / 2);
}

/**
 * Symmetric: scale = largest magnitude / steps on the narrower side of the zero point that are used. Asymmetric: the range is widened
 * to hold 0, scale = (max − min) / (qmax − qmin), zeroPoint = clamp(roundHalfEven(qmin − min / scale)). An all-zero range gets scale 1.
 */
export function activationQParams([min, max]: RealRange, { range: [qmin, qmax], symmetric }: Grid): ActivationQParams {
  const [low, high] = [Math.min(min, 0), Math.max(max, 0)];
  if (symmetric) {
    const zeroPoint = symmetricZeroPointOf([qmin, qmax]);
    const steps = Math.min(qmax - zeroPoint, zeroPoint - qmin);
    return { scale: usableScale(Math.max(-low, high) / steps), zeroPoint };
  }
  const step = (high - low) / (qmax - qmin);
  const scale = usableScale(step);
  const below = low / (step > LARGEST_SCALE ? step : scale); // a range that is cut loses the same share on both sides
  return { scale, zeroPoint: Math.min(Math.max(roundHalfEven(qmin - below), qmin), qmax) };
}

function usableScale(scale: number): number {
  if (scale === 0) return 1;
  return Math.fround(Math.min(Math.max(scale, SMALLEST_SCALE), LARGEST_SCALE));
}
