import type { AxisResize } from "./resize-shape.js";

/** How Resize turns an output position into input coordinates and weights them. */
export interface ResizeRule {
  readonly coordinates: string;
  readonly mode: "linear" | "cubic" | "nearest";
  readonly nearest: string;
  readonly antialias: boolean;
  readonly excludeOutside: boolean;
  readonly cubicA: number;
}

/** Input positions and their weights for one output position; empty = outside, takes the extrapolation value. */
export type Weights = readonly (readonly [index: number, weight: number])[];

/** The weights of every output position along one axis of `length` input elements (ONNX Resize-19). */
export function axisWeights(rule: ResizeRule, length: number, axis: AxisResize): readonly Weights[] {
  return Array.from({ length: axis.extent }, (_, k) => {
    const x = sourceCoordinate(rule.coordinates, k, length, axis);
    if (rule.coordinates === "tf_crop_and_resize" && (x < 0 || x > length - 1)) return [];
    if (rule.mode === "nearest") return [[clampIndex(nearestIndex(rule.nearest, x), length), 1]];
    return filterWeights(rule, x, length, rule.antialias ? Math.min(axis.scale, 1) : 1);
  });
}

function clampIndex(index: number, length: number): number {
  return Math.min(Math.max(index, 0), length - 1);
}

function sourceCoordinate(mode: string, k: number, length: number, { extent, scale, roi }: AxisResize): number {
  const exact = scale * length;
  switch (mode) {
    case "align_corners":
      return exact === 1 ? 0 : (k * (length - 1)) / (exact - 1);
    case "asymmetric":
      return k / scale;
    case "pytorch_half_pixel":
      return extent === 1 ? 0 : (k + 0.5) / scale - 0.5;
    case "half_pixel_symmetric":
      return (length / 2) * (1 - extent / exact) + (k + 0.5) / scale - 0.5;
    case "tf_crop_and_resize":
      return cropCoordinate(k, length, { extent, scale, roi });
    default:
      return (k + 0.5) / scale - 0.5;
  }
}

function cropCoordinate(k: number, length: number, { extent, roi: [start, end] }: AxisResize): number {
  const last = length - 1;
  return extent > 1 ? start * last + (k * (end - start) * last) / (extent - 1) : 0.5 * (start + end) * last;
}

function nearestIndex(mode: string, x: number): number {
  switch (mode) {
    case "floor":
      return Math.floor(x);
    case "ceil":
      return Math.ceil(x);
    case "round_prefer_ceil":
      return Math.floor(x + 0.5);
    default:
      return Math.ceil(x - 0.5);
  }
}

/** Filter of support 1 (linear) or 2 (cubic) around x, widened by 1/stretch; positions outside take the edge's element or drop out. */
function filterWeights(rule: ResizeRule, x: number, length: number, stretch: number): Weights {
  const reach = (rule.mode === "linear" ? 1 : 2) / stretch;
  const weights: [number, number][] = [];
  for (let index = Math.ceil(x - reach); index <= Math.floor(x + reach); index += 1) {
    const distance = Math.abs(index - x) * stretch;
    const weight = rule.mode === "linear" ? Math.max(0, 1 - distance) : cubicFilter(distance, rule.cubicA);
    const outside = index < 0 || index >= length;
    if (weight !== 0 && !(outside && rule.excludeOutside)) weights.push([clampIndex(index, length), weight]);
  }
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  return rule.antialias || rule.excludeOutside ? weights.map(([index, weight]) => [index, weight / sum]) : weights;
}

/** Keys' cubic convolution kernel with parameter a. */
export function cubicFilter(d: number, a: number): number {
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
}
