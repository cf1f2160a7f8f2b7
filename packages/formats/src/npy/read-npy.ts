import type { ByteRange } from "../files/index.js";
import type { NpyDType } from "./dtypes.js";
import { npySize } from "./errors.js";
import { type NpyHeader, readNpyHeader } from "./header.js";
import { rowMajorRange, swappedRange } from "./row-major.js";

/** An array: dense, row-major, little-endian. */
export interface NpyArray {
  readonly dtype: NpyDType;
  readonly shape: readonly number[];
  /** The elements, unread. A column-major array is held in memory from its first read on. */
  readonly data: ByteRange;
}

/**
 * The array in a .npy file. Its size is checked against the header; its elements are not read. Throws
 * VX-IMPORT-NPY-HEADER, -DTYPE, -SIZE and what the range throws.
 */
export function readNpy(range: ByteRange): NpyArray {
  const header = readNpyHeader(range);
  const { type, shape, dataOffset } = header;
  const count = shape.includes(0) ? 0 : shape.reduce((product, extent) => product * extent, 1);
  const actual = range.byteLength - dataOffset;
  if (actual !== count * type.bytes) throw npySize(range.origin?.path, count * type.bytes, actual);
  return { dtype: type.dtype, shape, data: elementsOf(range.slice(dataOffset, range.byteLength), header) };
}

function elementsOf(range: ByteRange, { type, shape, bigEndian, fortranOrder }: NpyHeader): ByteRange {
  const ordered = bigEndian && type.swapBytes > 1 ? swappedRange(range, type.swapBytes) : range;
  const isMatrix = shape.filter((extent) => extent !== 1).length > 1;
  return fortranOrder && isMatrix ? rowMajorRange(ordered, shape, type.bytes) : ordered;
}
