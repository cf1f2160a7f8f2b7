import type { Dim } from "@vlm-export/ir";
import { addDims, ceilDivideDim, subtractDims } from "./shape-math.js";

/** A slice along one axis: `extent` elements of it, from `start`, `step` apart. */
export interface SliceRange {
  readonly extent: Dim;
  readonly start: Dim;
  readonly end: Dim;
  readonly step: number;
}

const FAR = 2 ** 31 - 1;

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** First index and number of elements, as ONNX Slice clamps them; all parts are numbers. */
export function staticRange(extent: number, start: number, end: number, step: number): { readonly start: number; readonly length: number } {
  const [low, high] = step > 0 ? [0, extent] : [-1, extent - 1];
  const first = clamp(start < 0 ? start + extent : start, step > 0 ? 0 : Math.min(0, high), high);
  const last = clamp(end < 0 ? end + extent : end, low, high);
  return { start: first, length: Math.max(0, Math.ceil((last - first) / step)) };
}

/**
 * Number of elements of a slice; undefined when it cannot be told. Symbols are taken to lie inside what they bound: `0:seq` of 1024
 * elements has `seq`, `1:` of `seq` elements has `seq-1`.
 */
export function sliceLength({ extent, start, end, step }: SliceRange): Dim | undefined {
  if (typeof extent === "number" && typeof start === "number" && typeof end === "number")
    return staticRange(extent, start, end, step).length;
  if (step < 0) return step === -1 && isWholeReverse(start, end) ? extent : undefined;
  const span = spanOf(extent, start, end);
  if (span === undefined || !isCertain(extent, end, span)) return undefined;
  return step === 1 ? span : ceilDivideDim(span, step);
}

function spanOf(extent: Dim, start: Dim, end: Dim): Dim | undefined {
  const [first, last] = [boundOf(extent, start), boundOf(extent, end)];
  const span = first === undefined || last === undefined ? undefined : subtractDims(last, first);
  return typeof span === "number" && span < 0 ? undefined : span;
}

function isWholeReverse(start: Dim, end: Dim): boolean {
  return typeof start === "number" && typeof end === "number" && (start === -1 || start >= FAR) && end <= -FAR;
}

function boundOf(extent: Dim, bound: Dim): Dim | undefined {
  if (typeof bound !== "number") return bound;
  if (bound >= FAR) return extent;
  return bound < 0 ? addDims(extent, bound) : bound;
}

/** A fixed end may lie beyond a symbolic extent: only a single element is taken to be there. */
function isCertain(extent: Dim, end: Dim, span: Dim): boolean {
  const fixedEnd = typeof end === "number" && end >= 0 && end < FAR;
  return typeof extent === "number" || !fixedEnd || span === 1 || span === 0;
}
