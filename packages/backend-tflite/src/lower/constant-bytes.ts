import type { TfliteBytes, TfliteType } from "@vlm-export/formats/tflite";
import { elementCount, type DType, type TensorData } from "@vlm-export/ir";
import { floatValues, integerValues } from "@vlm-export/backend-api";
import { type IntegerType, pack, unpack } from "@vlm-export/numerics";
import { rowMajor, type Layout } from "../layout.js";

/** How the integers of a storage type are kept in a .tflite file; `shift` is added to codes and zero points (exact). */
export interface IntegerForm {
  readonly type: TfliteType;
  readonly shift: number;
  /** Storage type of the shifted codes. */
  readonly storage: IntegerType;
}

const integerForms: ReadonlyMap<DType, IntegerForm> = new Map<DType, IntegerForm>([
  ["i8", { type: "INT8", shift: 0, storage: "i8" }],
  ["u8", { type: "INT8", shift: -128, storage: "i8" }],
  ["i4", { type: "INT4", shift: 0, storage: "i4" }],
  ["u4", { type: "INT4", shift: -8, storage: "i4" }],
  ["i32", { type: "INT32", shift: 0, storage: "i32" }],
]);

/** The form of a storage type, or undefined when TFLite kernels have none. */
export function integerFormOf(storage: DType): IntegerForm | undefined {
  return integerForms.get(storage);
}

/** The integers of a quantized constant, logical shape `shape`, in `layout` and shifted to the signed form; computed when read. */
export function integerBytes(data: TensorData, shape: readonly number[], layout: Layout): TfliteBytes {
  const form = integerFormOf(data.dtype) as IntegerForm;
  const inOrder = String(layout) === String(rowMajor(shape.length));
  if (inOrder && form.shift === 0) return { byteLength: data.byteLength, read: (begin, end) => data.bytes(begin, end) };
  return lazyBytes(data.byteLength, () => {
    const codes = unpack(data.bytes(), data.dtype as IntegerType, elementCount(shape));
    const ordered = inOrder ? codes : permuted(codes, shape, layout);
    return pack(form.shift === 0 ? ordered : Int32Array.from(ordered, (code) => code + form.shift), form.storage);
  });
}

/** A float constant as f32 (widened exactly), logical shape `shape`, in `layout`. */
export function floatBytes(data: TensorData, shape: readonly number[], layout: Layout): TfliteBytes {
  const inOrder = String(layout) === String(rowMajor(shape.length));
  if (inOrder && data.dtype === "f32") return { byteLength: data.byteLength, read: (begin, end) => data.bytes(begin, end) };
  return lazyBytes(elementCount(shape) * 4, () => {
    const values = floatValues(data);
    return bytesOf(inOrder ? values : permuted(values, shape, layout));
  });
}

/** An index tensor as int32. */
export function int32Bytes(values: readonly number[]): TfliteBytes {
  const bytes = bytesOf(Int32Array.from(values));
  return { byteLength: bytes.byteLength, read: (begin, end) => bytes.subarray(begin, end) };
}

/** Small numbers as f32. */
export function float32Bytes(values: readonly number[]): TfliteBytes {
  const bytes = bytesOf(Float32Array.from(values));
  return { byteLength: bytes.byteLength, read: (begin, end) => bytes.subarray(begin, end) };
}

/** The elements of a constant of i64, i32 or smaller integers. */
export function indexValues(data: TensorData): readonly number[] {
  if (data.dtype !== "i64") return integerValues(data);
  const bytes = data.bytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 8 }, (_, i) => Number(view.getBigInt64(i * 8, true)));
}

/** Computed at the first read and let go after the last one, as the writer reads from start to end. */
function lazyBytes(byteLength: number, compute: () => Uint8Array): TfliteBytes {
  let held: Uint8Array | undefined;
  return {
    byteLength,
    read(begin = 0, end = byteLength) {
      held ??= compute();
      const part = held.subarray(begin, end);
      if (end === byteLength) held = undefined;
      return part;
    },
  };
}

type Elements = Float32Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array;

/** `source` (row-major over `shape`) in the order of `layout`. */
function permuted<T extends Elements>(source: T, shape: readonly number[], layout: Layout): T {
  const target = source.slice() as T;
  const strides = layout.map((axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const extents = layout.map((axis) => shape[axis] ?? 1);
  const innerStride = strides.at(-1) ?? 1;
  const inner = extents.at(-1) ?? 1;
  const index = extents.map(() => 0);
  let base = 0;
  for (let at = 0; at < target.length; at += inner) {
    for (let i = 0; i < inner; i += 1) target[at + i] = source[base + i * innerStride] as number;
    base += advance(index, extents, strides);
  }
  return target;
}

/** Counts one step on every axis but the last; returns the change of the source offset. */
function advance(index: number[], extents: readonly number[], strides: readonly number[]): number {
  let change = 0;
  for (let axis = extents.length - 2; axis >= 0; axis -= 1) {
    const next = (index[axis] ?? 0) + 1;
    change += strides[axis] ?? 0;
    if (next < (extents[axis] ?? 1)) {
      index[axis] = next;
      return change;
    }
    change -= next * (strides[axis] ?? 0);
    index[axis] = 0;
  }
  return change;
}

function bytesOf(array: Elements): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
