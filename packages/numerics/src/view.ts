import { lengthMismatch, viewInvalid } from "./errors.js";

/**
 * How a dense row-major tensor is cut into groups that share one scale, seen as [outer, axis, inner].
 * - `tensor`: one group; outer = inner = 1.
 * - `channel`: one group per index of `axis`; scales are [axis]; `blockSize` is 1.
 * - `block`: `blockSize` neighbours along `axis` (the last block may be shorter) for each outer and inner index;
 *   scales are [outer, ceil(axis / blockSize), inner].
 */
export interface QuantView {
  readonly granularity: "tensor" | "channel" | "block";
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
  readonly blockSize: number;
}

const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

/** One scale for `elementCount` elements. */
export function tensorView(elementCount: number): QuantView {
  return checkedView({ granularity: "tensor", outer: 1, axis: elementCount, inner: 1, blockSize: Math.max(elementCount, 1) });
}

/** One scale per index of dimension `axis` of a tensor of `shape`. */
export function channelView(shape: readonly number[], axis: number): QuantView {
  return checkedView({ granularity: "channel", ...split(shape, axis), blockSize: 1 });
}

/** One scale per `blockSize` elements along dimension `axis` of a tensor of `shape`. */
export function blockView(shape: readonly number[], axis: number, blockSize: number): QuantView {
  return checkedView({ granularity: "block", ...split(shape, axis), blockSize });
}

/** Elements of the tensor that `view` describes. */
export function elementCountOf(view: QuantView): number {
  return view.outer * view.axis * view.inner;
}

/** Number of scales of `view`. */
export function scaleCountOf(view: QuantView): number {
  if (view.granularity === "tensor") return 1;
  if (view.granularity === "channel") return view.axis;
  return view.outer * Math.ceil(view.axis / view.blockSize) * view.inner;
}

/** Index into the scales for the element at flat row-major `index`. */
export function scaleIndexOf(view: QuantView, index: number): number {
  if (view.granularity === "tensor") return 0;
  const along = Math.floor(index / view.inner) % view.axis;
  if (view.granularity === "channel") return along;
  const outer = Math.floor(index / (view.inner * view.axis));
  const blocks = Math.ceil(view.axis / view.blockSize);
  return (outer * blocks + Math.floor(along / view.blockSize)) * view.inner + (index % view.inner);
}

/** `view` itself when its extents are counts; throws VX-QUANT-VIEW otherwise. */
export function checkedView(view: QuantView): QuantView {
  const counts = [view.outer, view.axis, view.inner];
  const fine = counts.every((n) => Number.isSafeInteger(n) && n >= 0) && Number.isSafeInteger(view.blockSize) && view.blockSize >= 1;
  if (!fine || !Number.isSafeInteger(elementCountOf(view))) throw viewInvalid(view);
  if (view.granularity === "tensor" && (view.outer !== 1 || view.inner !== 1)) throw viewInvalid(view);
  return view;
}

/** Throws VX-QUANT-LENGTH unless an array of `length` elements fills `view`. */
export function checkElementCount(view: QuantView, length: number): void {
  if (length !== elementCountOf(checkedView(view))) throw lengthMismatch("The tensor", length, elementCountOf(view));
}

function split(shape: readonly number[], axis: number): { outer: number; axis: number; inner: number } {
  const extent = shape[axis];
  if (extent === undefined) throw viewInvalid({ shape, axis });
  return { outer: product(shape.slice(0, axis)), axis: extent, inner: product(shape.slice(axis + 1)) };
}
