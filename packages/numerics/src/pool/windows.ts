import { byteLengthOf } from "../dtype.js";
import { lengthOf, sliceOf, standalone } from "../floats.js";
import { type FloatType, type IntegerType, STAGE_LIMIT } from "../kernels.js";
import { elementCountOf, type QuantView, scaleCountOf } from "../view.js";
import { type Piece, piecesOf, viewOfPiece } from "../wasm/pieces.js";
import type { Destination, FilePlace, FloatFile, FloatSource } from "./tasks.js";

/** A part of a tensor with the scales that its elements use, as a view of its own. */
export interface Window {
  readonly start: number;
  readonly count: number;
  readonly group: number;
  readonly groups: number;
  readonly view: QuantView;
}

/** Windows of at most `limit` elements; one that holds everything where they would begin inside a byte of packed codes of `bits`. */
export function windowsOf(view: QuantView, limit: number, bits: number): readonly Window[] {
  const windows = Array.from(piecesOf(view, limit), toWindow);
  if (windows.every(({ start }) => (start * bits) % 8 === 0)) return windows;
  return [{ start: 0, count: elementCountOf(view), group: 0, groups: scaleCountOf(view), view }];
}

function toWindow(piece: Piece): Window {
  const { start, count, group, groups } = piece;
  return { start, count, group, groups, view: viewOfPiece(piece) };
}

/** Elements of a window of 8 MiB. */
export function windowElements(source: FloatSource): number {
  return STAGE_LIMIT / bytesPerElement(source);
}

/** The elements of `window`, not tied to a larger buffer unless that is shared. */
export function partOf(source: FloatSource, { start, count }: Window): FloatSource {
  if ("path" in source) return partOfFile(source, start, count);
  return standalone(sliceOf(source, start, start + count));
}

function partOfFile(file: FloatFile, start: number, elementCount: number): FloatFile {
  const { factors, offset, dtype } = file;
  const part = { ...file, offset: offset + start * bytesPer(dtype), elementCount };
  return factors ? { ...part, factors: { ...factors, start: factors.start + start } } : part;
}

function bytesPerElement(source: FloatSource): number {
  return source instanceof Float32Array ? 4 : bytesPer(source.dtype);
}

/** Bytes of one float. */
export function bytesPer(dtype: FloatType): number {
  return dtype === "f32" ? 4 : 2;
}

/** Elements of a source. */
export function elementsOf(source: FloatSource): number {
  return "path" in source ? source.elementCount : lengthOf(source);
}

/** Bytes of the packed codes of a tensor. */
export function packedBytes(storage: IntegerType, view: QuantView): number {
  return byteLengthOf(storage, elementCountOf(view));
}

/** The part of `out` that the codes of `window` fill. */
export function codesOf(out: Destination, storage: IntegerType, { start, count }: Window): Destination {
  const begin = byteLengthOf(storage, start);
  return out instanceof Uint8Array ? out.subarray(begin, byteLengthOf(storage, start + count)) : moved(out, begin);
}

/** The place `by` bytes further on. */
export function moved({ path, offset }: FilePlace, by: number): FilePlace {
  return { path, offset: offset + by };
}
