import type { DType } from "@vlm-export/ir";

type ElementArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** How ONNX Runtime for Node names an element type and holds its elements. */
export interface ElementType {
  readonly dtype: DType;
  readonly ort: string;
  readonly bytes: number;
  view(buffer: ArrayBuffer, byteOffset: number, length: number): ElementArray;
}

function row(
  dtype: DType,
  ort: string,
  array: { new (buffer: ArrayBuffer, offset: number, length: number): ElementArray; BYTES_PER_ELEMENT: number },
): ElementType {
  return { dtype, ort, bytes: array.BYTES_PER_ELEMENT, view: (buffer, offset, length) => new array(buffer, offset, length) };
}

const ROWS: readonly ElementType[] = [
  row("f32", "float32", Float32Array),
  row("f64", "float64", Float64Array),
  row("f16", "float16", Uint16Array),
  row("i64", "int64", BigInt64Array),
  row("i32", "int32", Int32Array),
  row("i16", "int16", Int16Array),
  row("i8", "int8", Int8Array),
  row("u64", "uint64", BigUint64Array),
  row("u32", "uint32", Uint32Array),
  row("u16", "uint16", Uint16Array),
  row("u8", "uint8", Uint8Array),
  row("bool", "bool", Uint8Array),
];

const BY_DTYPE: ReadonlyMap<string, ElementType> = new Map(ROWS.map((type) => [type.dtype, type]));
const BY_ORT: ReadonlyMap<string, ElementType> = new Map(ROWS.map((type) => [type.ort, type]));

/** The row of one of our element types; undefined when the engine's interface does not carry it. Strings have no row. */
export function elementTypeOf(dtype: DType): ElementType | undefined {
  return BY_DTYPE.get(dtype);
}

/** The row of one of the engine's element types. */
export function elementTypeOfOrt(ort: string): ElementType | undefined {
  return BY_ORT.get(ort);
}
