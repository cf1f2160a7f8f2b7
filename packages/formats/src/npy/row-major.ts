import { type ByteRange, memoryRange } from "../files/index.js";
import { allocate, checkBounds } from "../files/byte-range.js";

/** A range whose elements of `unitBytes` bytes are read in the other byte order. */
export function swappedRange(range: ByteRange, unitBytes: number): ByteRange {
  return swappedPart(range, unitBytes, 0, range.byteLength);
}

/** Bytes `first` to `last` of the swapped range. */
function swappedPart(range: ByteRange, unitBytes: number, first: number, last: number): ByteRange {
  const byteLength = last - first;
  const read = (begin = 0, end = byteLength): Uint8Array => {
    checkBounds(range.origin?.path, begin, end, byteLength);
    const skipped = (first + begin) % unitBytes;
    const unitsEnd = Math.ceil((first + end) / unitBytes) * unitBytes;
    const bytes = new Uint8Array(range.read(first + begin - skipped, unitsEnd));
    for (let at = 0; at < bytes.length; at += unitBytes) bytes.subarray(at, at + unitBytes).reverse();
    return skipped === 0 ? bytes.subarray(0, end - begin) : bytes.slice(skipped, skipped + end - begin);
  };
  return {
    byteLength,
    origin: undefined,
    read,
    readInto: (target, begin) => target.set(read(begin, begin + target.byteLength)),
    slice(begin, end) {
      checkBounds(range.origin?.path, begin, end, byteLength);
      return swappedPart(range, unitBytes, first + begin, first + end);
    },
  };
}

/** A range that holds an array in column-major order, in row-major order; the array is held in memory from the first read on. */
export function rowMajorRange(range: ByteRange, shape: readonly number[], elementBytes: number): ByteRange {
  let held: ByteRange | undefined;
  const whole = () => {
    held ??= memoryRange(transposed(range.read(), shape, elementBytes));
    return held;
  };
  return {
    byteLength: range.byteLength,
    origin: undefined,
    read: (begin, end) => whole().read(begin, end),
    readInto: (target, begin) => whole().readInto(target, begin),
    slice: (begin, end) => whole().slice(begin, end),
  };
}

/** Row-major bytes of a column-major array: element (i0, …, in) comes from offset i0 + i1·d0 + i2·d0·d1 + … */
function transposed(source: Uint8Array, shape: readonly number[], elementBytes: number): Uint8Array {
  const target = allocate(undefined, source.byteLength);
  const strides = columnStrides(shape);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < target.byteLength; to += elementBytes) {
    const at = from * elementBytes;
    for (let byte = 0; byte < elementBytes; byte += 1) target[to + byte] = source[at + byte] ?? 0;
    from = step(index, from, shape, strides);
  }
  return target;
}

/** Moves `index` to the next element in row-major order; returns its column-major offset. */
function step(index: number[], offset: number, shape: readonly number[], strides: readonly number[]): number {
  let from = offset;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const stride = strides[axis] ?? 0;
    const next = (index[axis] ?? 0) + 1;
    if (next < (shape[axis] ?? 0)) {
      index[axis] = next;
      return from + stride;
    }
    index[axis] = 0;
    from -= (next - 1) * stride;
  }
  return from;
}

function columnStrides(shape: readonly number[]): readonly number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const extent of shape) {
    strides.push(stride);
    stride *= extent;
  }
  return strides;
}
