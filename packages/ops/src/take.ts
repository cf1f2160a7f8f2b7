import { BITS, byteLengthOf, type DType, elementCount, memoryTensor, type TensorData } from "@vlm-export/ir";
import { pack, unpack } from "@vlm-export/numerics";
import { opData } from "./errors.js";
import { ownBytes } from "./small-tensor.js";

/** Row-major strides in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = Array.from<number>({ length: shape.length });
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/** For each element of a row-major `shape`: offset + Σ index · stride. */
export function stridedIndices(shape: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  const indices = new Int32Array(elementCount(shape));
  if (indices.length === 0) return indices;
  indices[0] = offset;
  let filled = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const extent = shape[axis] as number;
    const stride = strides[axis] as number;
    for (let k = 1; k < extent; k += 1) {
      for (let i = 0; i < filled; i += 1) indices[k * filled + i] = (indices[i] as number) + k * stride;
    }
    filled *= extent;
  }
  return indices;
}

/** Moves elements without looking at them: out[k] = data[indices[k]]; index −1 gives `fill` (default: zero bits). */
export function take(data: TensorData, shape: readonly number[], indices: ArrayLike<number>, fill?: TensorData): TensorData {
  return takeFrom([data], shape, { source: () => 0, index: (k) => indices[k] as number, ...(fill && { fill }) });
}

/** Where each output element comes from. */
export interface Picks {
  /** Which tensor output element `k` comes from. */
  source(k: number): number;
  /** Its flat index there, or −1 for the fill element. */
  index(k: number): number;
  readonly fill?: TensorData;
}

/** Like {@link take} from several tensors of one element type. */
export function takeFrom(sources: readonly TensorData[], shape: readonly number[], picks: Picks): TensorData {
  const dtype = (sources[0] as TensorData).dtype;
  const count = elementCount(shape);
  const fill = picks.fill && cellsOf(picks.fill);
  const cells = sources.map(cellsOf);
  const out = emptyCells(dtype, count);
  for (let k = 0; k < count; k += 1) {
    const index = picks.index(k);
    if (index >= 0) out.set(k, cells[picks.source(k)] as Cells, index);
    else if (fill) out.set(k, fill, 0);
  }
  return dtype === "string" ? stringTensor(shape, out.array as Uint8Array[]) : memoryTensor(dtype, shape, packed(dtype, out.array));
}

type CellArray = Uint8Array | Uint16Array | Uint32Array | BigUint64Array | Uint8Array[];

interface Cells {
  readonly array: CellArray;
  set(to: number, from: Cells, index: number): void;
}

function wrap(array: CellArray): Cells {
  const target = array as unknown as unknown[];
  return {
    array,
    set: (to, from, index) => {
      target[to] = (from.array as unknown as unknown[])[index];
    },
  };
}

/** 16-byte elements as pairs of 64-bit cells. */
function wrapPairs(array: BigUint64Array): Cells {
  return {
    array,
    set: (to, from, index) => {
      array[2 * to] = (from.array as BigUint64Array)[2 * index] as bigint;
      array[2 * to + 1] = (from.array as BigUint64Array)[2 * index + 1] as bigint;
    },
  };
}

function viewOf(dtype: DType, buffer: ArrayBuffer): CellArray {
  switch (BITS[dtype]) {
    case 16:
      return new Uint16Array(buffer);
    case 32:
      return new Uint32Array(buffer);
    case 64:
    case 128:
      return new BigUint64Array(buffer);
    default:
      return new Uint8Array(buffer);
  }
}

const bitsType = (dtype: DType): "u4" | "u2" => (BITS[dtype] === 4 ? "u4" : "u2");

function cellsOf(data: TensorData): Cells {
  if (data.dtype === "string") return wrap(stringsOf(data));
  if (BITS[data.dtype] < 8) return wrap(unpack(data.bytes(), bitsType(data.dtype), elementCount(data.shape)) as Uint8Array);
  const array = viewOf(data.dtype, ownBytes(data));
  return BITS[data.dtype] === 128 ? wrapPairs(array as BigUint64Array) : wrap(array);
}

function emptyCells(dtype: DType, count: number): Cells {
  if (dtype === "string") return wrap(Array.from({ length: count }, () => new Uint8Array()));
  if (BITS[dtype] < 8) return wrap(new Uint8Array(count));
  const array = viewOf(dtype, new ArrayBuffer(byteLengthOf(dtype, count)));
  return BITS[dtype] === 128 ? wrapPairs(array as BigUint64Array) : wrap(array);
}

function packed(dtype: DType, array: CellArray): Uint8Array {
  if (BITS[dtype] < 8) return pack(array as Uint8Array, bitsType(dtype));
  const view = array as Uint8Array;
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** The UTF-8 bytes of each element of a string tensor. Throws VX-OP-DATA when the lengths do not add up. */
export function stringsOf(data: TensorData): Uint8Array[] {
  const bytes = data.bytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = elementCount(data.shape);
  const strings: Uint8Array[] = [];
  for (let at = 0; strings.length < count; ) {
    const end = at + 4 <= bytes.length ? at + 4 + view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw opData("string tensor", `element ${strings.length} of ${count} ends beyond its ${bytes.length} bytes.`);
    strings.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return strings;
}

/** A string tensor from the UTF-8 bytes of its elements. */
export function stringTensor(shape: readonly number[], strings: readonly Uint8Array[]): TensorData {
  const bytes = new Uint8Array(strings.reduce((sum, text) => sum + 4 + text.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const text of strings) {
    view.setUint32(at, text.length, true);
    bytes.set(text, at + 4);
    at += 4 + text.length;
  }
  return { dtype: "string", shape, byteLength: bytes.length, bytes: (begin = 0, end = bytes.length) => bytes.subarray(begin, end) };
}
