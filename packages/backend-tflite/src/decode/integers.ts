import type { TfliteBytes, TfliteTensor, TfliteType } from "@vlm-export/formats/tflite";
import { type DType, type TensorData, memoryTensor } from "@vlm-export/ir";

/** How a constant lies in the file. */
export interface Stored {
  readonly storage: DType;
  /** Stored axis i is axis `layout[i]` of the graph's value. */
  readonly layout: readonly number[] | undefined;
  /** The file holds q − 2^(bits − 1) of unsigned codes. */
  readonly isShifted: boolean;
}

/** The graph's storage type of a tensor type; undefined when no quantized value is kept as that. */
export function storageOf(type: TfliteType, isShifted: boolean): DType | undefined {
  if (type === "INT8") return isShifted ? "u8" : "i8";
  if (type === "INT4") return isShifted ? "u4" : "i4";
  return type === "INT32" && !isShifted ? "i32" : undefined;
}

/** The integers of a constant, put back into the graph's order and storage type; the bytes themselves where nothing was changed. */
export function graphIntegers(data: TfliteBytes, tensor: TfliteTensor, stored: Stored): TensorData {
  const { storage, layout, isShifted } = stored;
  if (!layout && !isShifted) {
    return { dtype: storage, shape: tensor.shape, byteLength: data.byteLength, bytes: (begin, end) => data.read(begin, end) };
  }
  const order = layout ?? tensor.shape.map((_, axis) => axis);
  const shape = order.map((_, axis) => tensor.shape[order.indexOf(axis)] ?? 1);
  const width = storage === "i32" ? 4 : 1;
  const isNibbles = storage === "i4" || storage === "u4";
  const flat = isNibbles ? nibblesOf(data.read(), elements(shape)) : data.read();
  const ordered = inGraphOrder(flat, tensor.shape, { order, width });
  if (isShifted) toggleSigns(ordered, isNibbles ? 8 : 128);
  return memoryTensor(storage, shape, isNibbles ? joined(ordered) : ordered);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

interface Order {
  readonly order: readonly number[];
  /** Bytes of an element. */
  readonly width: number;
}

/** Walks the file's elements in their order and puts each at its place in the graph's row-major order. */
function inGraphOrder(source: Uint8Array, shape: readonly number[], { order, width }: Order): Uint8Array {
  const graphShape = order.map((_, axis) => shape[order.indexOf(axis)] ?? 1);
  const steps = order.map((axis) => graphShape.slice(axis + 1).reduce((a, b) => a * b, width));
  const result = new Uint8Array(source.byteLength);
  const last = shape.length - 1;
  let from = 0;
  const place = (depth: number, to: number): void => {
    const [extent, step] = [shape[depth] ?? 1, steps[depth] ?? width];
    for (let i = 0; i < extent; i += 1) {
      if (depth < last) place(depth + 1, to + i * step);
      else for (let byte = 0; byte < width; byte += 1) result[to + i * step + byte] = source[from++] ?? 0;
    }
  };
  place(0, 0);
  return result;
}

/** Low nibble first, one per byte. */
function nibblesOf(bytes: Uint8Array, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => ((bytes[i >> 1] ?? 0) >> (4 * (i & 1))) & 15);
}

function joined(nibbles: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: Math.ceil(nibbles.length / 2) }, (_, i) => (nibbles[2 * i] ?? 0) | ((nibbles[2 * i + 1] ?? 0) << 4));
}

/** q + 2^(bits − 1) modulo 2^bits flips the highest bit. */
function toggleSigns(codes: Uint8Array, bit: number): void {
  for (let i = 0; i < codes.length; i += 1) codes[i] = (codes[i] ?? 0) ^ bit;
}
