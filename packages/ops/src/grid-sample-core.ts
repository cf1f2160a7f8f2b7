/** How a coordinate outside the image is read. */
export type PaddingMode = "zeros" | "border" | "reflection";

/** How one image is sampled. */
export interface SampleRule {
  readonly mode: "linear" | "nearest" | "cubic";
  readonly padding: PaddingMode;
  readonly alignCorners: boolean;
}

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

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
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

/** Keys' cubic convolution with a = −0.75. */
function cubicWeights(ratio: number): readonly number[] {
  const a = -0.75;
  const near = (d: number): number => (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  const far = (d: number): number => a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a;
  return [far(1 + ratio), near(ratio), near(1 - ratio), far(2 - ratio)];
}
