import type { TfliteBytes, TfliteType } from "@vlm-export/formats/tflite";
import { type DType, elementCount, type TensorData } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";

/** How a constant lies in the file. */
export interface Stored {
  readonly storage: DType;
  /** Stored axis i is axis `layout[i]` of the graph's value. */
  readonly layout: readonly number[] | undefined;
  /** The file holds q − 2^(bits − 1) of unsigned codes. */
  readonly isShifted: boolean;
  readonly kernels: Kernels;
}

/** The graph's storage type of a tensor type; undefined when no quantized value is kept as that. */
export function storageOf(type: TfliteType, isShifted: boolean): DType | undefined {
  if (type === "INT8") return isShifted ? "u8" : "i8";
  if (type === "INT4") return isShifted ? "u4" : "i4";
  return type === "INT32" && !isShifted ? "i32" : undefined;
}

/** The graph's type of a constant that is not quantized, by tensor type. */
export const plainTypes: ReadonlyMap<TfliteType, DType> = new Map<TfliteType, DType>([
  ["BOOL", "bool"],
  ["FLOAT16", "f16"],
  ["FLOAT32", "f32"],
  ["INT32", "i32"],
]);

/**
 * The elements of a constant of stored shape `stored` in the graph's order and storage type: the bytes themselves where nothing was changed, else
 * made when they are first read, and let go after the last byte.
 */
export function graphIntegers(data: TfliteBytes, stored: readonly number[], form: Stored): TensorData {
  const { storage, layout, isShifted } = form;
  const order = layout ?? stored.map((_, axis) => axis);
  const shape = order.map((_, axis) => stored[order.indexOf(axis)] ?? 1);
  const { byteLength } = data;
  if (!layout && !isShifted) return { dtype: storage, shape, byteLength, bytes: (begin, end) => data.read(begin, end) };
  let held: Uint8Array | undefined;
  const bytes = (begin = 0, end = byteLength) => {
    held ??= restored(data.read(), stored, { ...form, order });
    const part = held.subarray(begin, end);
    if (end >= byteLength) held = undefined;
    return part;
  };
  return { dtype: storage, shape, byteLength, bytes };
}

function restored(bytes: Uint8Array, shape: readonly number[], { storage, isShifted, order, kernels }: Stored & Order): Uint8Array {
  const isNibbles = storage === "i4" || storage === "u4";
  const codes = isNibbles ? nibblesOf(bytes, elementCount(shape)) : bytes;
  const ordered = inGraphOrder(codes, shape, { order, kernels, elementBytes: ELEMENT_BYTES.get(storage) ?? 1 });
  if (isShifted) toggleSigns(ordered, isNibbles ? 8 : 128);
  return isNibbles ? joined(ordered) : ordered;
}

/** Of types that have more than one. */
const ELEMENT_BYTES: ReadonlyMap<DType, 2 | 4> = new Map<DType, 2 | 4>([
  ["f16", 2],
  ["f32", 4],
  ["i32", 4],
]);

interface Order {
  /** Stored axis i is axis `order[i]` of the graph's value. */
  readonly order: readonly number[];
  readonly kernels: Kernels;
}

interface Elements {
  readonly elementBytes: 1 | 2 | 4;
}

/** The file's elements in the graph's order. */
function inGraphOrder(source: Uint8Array, shape: readonly number[], { order, kernels, elementBytes }: Order & Elements): Uint8Array {
  const wide = order.flatMap((axis, at) => (shape[at] === 1 ? [] : [{ axis, extent: shape[at] ?? 1 }]));
  const cut = wide.findIndex(({ axis }, at) => at > 0 && axis < (wide[at - 1]?.axis ?? 0));
  if (cut < 0) return source.slice();
  const matrices = matricesOf(wide, cut);
  return matrices ? transposed(source, { ...matrices, elementBytes }, kernels) : scattered(source, wide, elementBytes);
}

interface Axis {
  /** In the graph's value. */
  readonly axis: number;
  readonly extent: number;
}

interface Matrices {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
}

/** The move as a transpose of equal matrices, when the axes are [outer…, b…, a…] in the file and [outer…, a…, b…] in the graph. */
function matricesOf(wide: readonly Axis[], cut: number): Matrices | undefined {
  const moved = wide.slice(cut);
  const firstMoved = moved[0]?.axis ?? 0;
  const head = wide.slice(0, cut);
  const outer = head.filter(({ axis }) => axis < firstMoved);
  const stayed = head.slice(outer.length);
  const graph = [...outer, ...moved, ...stayed];
  const isOrdered = graph.every(({ axis }, at) => at === 0 || axis > (graph[at - 1]?.axis ?? 0));
  return isOrdered ? { count: product(outer), rows: product(stayed), columns: product(moved) } : undefined;
}

function product(axes: readonly Axis[]): number {
  return axes.reduce((total, { extent }) => total * extent, 1);
}

function transposed(source: Uint8Array, { count, rows, columns, elementBytes }: Matrices & Elements, kernels: Kernels): Uint8Array {
  const result = new Uint8Array(source.byteLength);
  const size = rows * columns * elementBytes;
  for (let at = 0; at < count * size; at += size)
    result.set(kernels.transpose(source.subarray(at, at + size), { rows, columns, elementBytes }), at);
  return result;
}

function scattered(source: Uint8Array, wide: readonly Axis[], elementBytes: number): Uint8Array {
  const places = graphPlaces(wide);
  const result = new Uint8Array(source.byteLength);
  for (let from = 0; from < source.byteLength; from += elementBytes) {
    const at = (places.next().value as number) * elementBytes;
    for (let byte = 0; byte < elementBytes; byte += 1) result[at + byte] = source[from + byte] ?? 0;
  }
  return result;
}

/** Place in the graph's row-major order of each element of the file, in the file's order. */
function* graphPlaces(wide: readonly Axis[], depth = 0, base = 0): Generator<number> {
  const at = wide[depth];
  if (!at) return yield base;
  const step = product(wide.filter(({ axis }) => axis > at.axis));
  for (let i = 0; i < at.extent; i += 1) yield* graphPlaces(wide, depth + 1, base + i * step);
}

/** A short list of numbers (scales of blocks) in the graph's order; see {@link graphIntegers}. */
export function graphNumbers(values: readonly number[], stored: readonly number[], order: readonly number[]): readonly number[] {
  const places = graphPlaces(order.map((axis, at) => ({ axis, extent: stored[at] ?? 1 })));
  const result = values.slice();
  for (const value of values) result[places.next().value as number] = value;
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
