import { roundHalfEven } from "@vlm-export/numerics";
import { cubicFilter } from "./resize-weights.js";

/** How a coordinate outside the image is read. */
export type PaddingMode = "zeros" | "border" | "reflection";

/** How one image is sampled. */
export interface SampleRule {
  readonly mode: "linear" | "nearest" | "cubic";
  readonly padding: PaddingMode;
  readonly alignCorners: boolean;
}

const CUBIC_A = -0.75;

/** Positions along one axis of `length` elements and their weights for a grid coordinate in [−1, 1]; −1 = outside, counts as 0. */
export function axisTaps(
  { mode, padding, alignCorners }: SampleRule,
  coordinate: number,
  length: number,
): readonly (readonly [number, number])[] {
  const exact = alignCorners ? ((coordinate + 1) / 2) * (length - 1) : ((coordinate + 1) * length - 1) / 2;
  const bounds: readonly [number, number] = alignCorners ? [0, length - 1] : [-0.5, length - 0.5];
  const x = padding === "border" ? Math.min(Math.max(exact, 0), length - 1) : padding === "reflection" ? reflect(exact, bounds) : exact;
  const inside = (index: number): number => pixelAt(index, length, padding, bounds);
  if (mode === "nearest") return [[inside(roundHalfEven(x)), 1]];
  const base = Math.floor(x);
  const ratio = x - base;
  const weights = mode === "linear" ? [1 - ratio, ratio] : cubicWeights(ratio);
  const first = mode === "linear" ? base : base - 1;
  return weights.map((weight, i) => [inside(first + i), weight]);
}

function pixelAt(index: number, length: number, padding: PaddingMode, bounds: readonly [number, number]): number {
  if (index >= 0 && index < length) return index;
  if (padding === "zeros" || !Number.isFinite(index)) return -1;
  const inside = padding === "border" ? index : Math.round(reflect(index, bounds));
  return Math.min(Math.max(inside, 0), length - 1);
}

/** Mirrors x at both bounds until it lies between them. */
function reflect(x: number, [low, high]: readonly [number, number]): number {
  const range = high - low;
  if (range <= 0 || !Number.isFinite(x)) return low;
  const phase = (((x - low) % (2 * range)) + 2 * range) % (2 * range);
  return low + Math.min(phase, 2 * range - phase);
}

function cubicWeights(ratio: number): readonly number[] {
  return [1 + ratio, ratio, 1 - ratio, 2 - ratio].map((distance) => cubicFilter(distance, CUBIC_A));
}
