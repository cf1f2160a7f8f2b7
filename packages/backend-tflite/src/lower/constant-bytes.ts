import type { TfliteBytes, TfliteType } from "@vlm-export/formats/tflite";
import { elementCount, type DType, i64Tensor, isFloat, memoryTensor, staticShape, type TensorData, type Value } from "@vlm-export/ir";
import { floatValues, integerValues } from "@vlm-export/backend-api";
import { type IntegerType, pack, unpack } from "@vlm-export/numerics";
import { lowerValue } from "../errors.js";
import { rowMajor, type Layout } from "../layout.js";
import { type Elements, permuted } from "./permute.js";

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

/** The data of a constant, or of a value that shape arithmetic knows as numbers. */
export function knownData(value: Value): TensorData | undefined {
  const { data, elements, type } = value;
  if (data || isFloat(type.dtype) || !elements?.every((element) => typeof element === "number")) return data;
  const shape = staticShape(type) ?? [elements.length];
  return type.dtype === "bool" ? memoryTensor("bool", shape, Uint8Array.from(elements)) : i64Tensor(elements, shape);
}

/** The integers of a quantized constant, or the truth values of another, logical shape `shape`, in `layout` and shifted to the signed form; computed when read. */
export function integerBytes(data: TensorData, shape: readonly number[], layout: Layout): TfliteBytes {
  const form = integerFormOf(data.dtype);
  const shift = form?.shift ?? 0;
  const inOrder = String(layout) === String(rowMajor(shape.length));
  if (inOrder && shift === 0) return { byteLength: data.byteLength, read: (begin, end) => data.bytes(begin, end) };
  return lazyBytes(data.byteLength, () => {
    const bytes = inOrder ? data.bytes().slice() : reordered(data, shape, layout);
    if (shift !== 0) toggleSigns(bytes, form?.storage === "i4");
    return bytes;
  });
}

function reordered(data: TensorData, shape: readonly number[], layout: Layout): Uint8Array {
  if (data.dtype === "i8" || data.dtype === "u8" || data.dtype === "bool") return permuted(data.bytes(), shape, layout);
  const codes = unpack(data.bytes(), data.dtype as IntegerType, elementCount(shape));
  return pack(permuted(codes, shape, layout), data.dtype as IntegerType);
}

/** q − 2^(bits − 1) modulo 2^bits flips the highest bit of each code. */
function toggleSigns(bytes: Uint8Array, isNibbles: boolean): void {
  const mask = isNibbles ? 0x88 : 0x80;
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = (bytes[i] as number) ^ mask;
}

/** A float constant as f32 (bf16 widened exactly), logical shape `shape`, in `layout`. */
export function floatBytes(data: TensorData, shape: readonly number[], layout: Layout): TfliteBytes {
  const inOrder = String(layout) === String(rowMajor(shape.length));
  if (inOrder && data.dtype === "f32") return { byteLength: data.byteLength, read: (begin, end) => data.bytes(begin, end) };
  return lazyBytes(elementCount(shape) * 4, () => {
    const values = floatValues(data);
    return bytesOf(inOrder ? values : permuted(values, shape, layout));
  });
}

/** The bits of an f16 constant, logical shape `shape`, in `layout`. */
export function float16Bytes(data: TensorData, shape: readonly number[], layout: Layout): TfliteBytes {
  return lazyBytes(data.byteLength, () => {
    const bits = new Uint16Array(data.bytes().slice().buffer);
    return bytesOf(permuted(bits, shape, layout));
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

/** The elements of an integer constant as int32. Throws VX-LOWER-TFLITE-VALUE when one is out of its range. */
export function int32Values(name: string, data: TensorData): Int32Array {
  const values = indexValues(data);
  const beyond = values.find((value) => value < -(2 ** 31) || value >= 2 ** 31);
  if (beyond !== undefined) throw lowerValue(name, `${JSON.stringify(name)} holds ${beyond}, which int32 does not`);
  return Int32Array.from(values);
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

function bytesOf(array: Elements): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
