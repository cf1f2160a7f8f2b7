import { createHash } from "node:crypto";
import { byteLengthOf, type DType } from "./dtype.js";

/** Where the bytes of a tensor lie in a file, so that another thread or an engine can read them without a copy. */
export interface FileLocation {
  readonly path: string;
  /** Byte offset of the first element. */
  readonly offset: number;
}

/**
 * Dense row-major storage, little-endian, sub-byte elements packed low bits first. Content never changes.
 * `string`: per element a u32 little-endian byte length, then UTF-8.
 */
export interface TensorData {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** The bytes [begin, end), by default all; lazy (a file range is read now); at most 4 GiB per call. */
  bytes(begin?: number, end?: number): Uint8Array;
  /** Fills `target` with the bytes from `begin` on, where that needs no new buffer; readers that walk a tensor reuse one so. */
  readonly readInto?: (target: Uint8Array, begin: number) => void;
  /** Set when the bytes lie contiguous and unchanged in a file. */
  readonly file?: FileLocation;
  /** Of f32 that is converted as it is read: the 16-bit floats of the same shape that are stored; see `widenedTensor`. */
  readonly narrow?: TensorData;
}

const WINDOW_BYTES = 1 << 20;
const hashes = new WeakMap<TensorData, string>();

/** Product of the extents; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A tensor held in memory. `bytes` must have exactly the length that dtype and shape need. Throws RangeError otherwise: a caller's bug. */
export function memoryTensor(dtype: DType, shape: readonly number[], bytes: Uint8Array): TensorData {
  const expected = byteLengthOf(dtype, elementCount(shape));
  if (bytes.byteLength !== expected)
    throw new RangeError(`memoryTensor: ${dtype}[${shape}] needs ${expected} bytes, got ${bytes.byteLength}`);
  return { dtype, shape, byteLength: expected, bytes: (begin = 0, end = expected) => bytes.subarray(begin, end) };
}

/** A small f32 tensor in memory. */
export function f32Tensor(values: readonly number[] | Float32Array, shape: readonly number[]): TensorData {
  const array = Float32Array.from(values);
  return memoryTensor("f32", shape, new Uint8Array(array.buffer));
}

/** A small i64 tensor in memory, from safe integers. */
export function i64Tensor(values: readonly number[], shape: readonly number[] = [values.length]): TensorData {
  const array = BigInt64Array.from(values, BigInt);
  return memoryTensor("i64", shape, new Uint8Array(array.buffer));
}

/**
 * The tensor's bytes in windows of 1 MiB, or of the length of a `buffer` that one who walks many tensors gives for all of them. Each window
 * is valid until the next is asked for: no reader holds more than one.
 */
export function* windowsOf(data: TensorData, buffer?: Uint8Array): Generator<Uint8Array> {
  const step = buffer?.byteLength ?? WINDOW_BYTES;
  const target = buffer ?? (data.readInto && new Uint8Array(Math.min(step, data.byteLength)));
  for (let begin = 0; begin < data.byteLength; begin += step)
    yield windowOf(data, { begin, end: Math.min(begin + step, data.byteLength) }, target);
}

/** The bytes [begin, end) of a tensor, in `buffer` where it can be filled; valid until `buffer` is used again. */
export function windowOf(
  data: TensorData,
  { begin, end }: { readonly begin: number; readonly end: number },
  buffer: Uint8Array | undefined,
): Uint8Array {
  if (!data.readInto || !buffer) return data.bytes(begin, end);
  const target = buffer.subarray(0, end - begin);
  data.readInto(target, begin);
  return target;
}

/** SHA-256 (hex) of the stored bytes; computed once per tensor object, in windows. */
export function contentHash(data: TensorData): string {
  const known = hashes.get(data);
  if (known !== undefined) return known;
  const hash = createHash("sha256");
  for (const window of windowsOf(data)) hash.update(window);
  const hex = hash.digest("hex");
  hashes.set(data, hex);
  return hex;
}

/** Says what {@link contentHash} of a tensor is, where another thread has computed it. */
export function recordContentHash(data: TensorData, hex: string): void {
  hashes.set(data, hex);
}
