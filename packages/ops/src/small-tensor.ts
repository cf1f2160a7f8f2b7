import { byteLengthOf, type DType, elementCount, memoryTensor, type TensorData } from "@vlm-export/ir";
import {
  bf16ToNumber,
  e8m0ToNumber,
  f16ToNumber,
  numberToBf16,
  numberToF16,
  numberToSmallFloat,
  pack,
  type SmallFloat,
  smallFloatToNumber,
  unpack,
} from "@vlm-export/numerics";
import { opNotEvaluated } from "./errors.js";

const SMALL_FLOATS: ReadonlySet<DType> = new Set(["f8e4m3", "f8e4m3uz", "f8e5m2", "f8e5m2uz", "f4e2m1"]);
const INTEGER_BITS: ReadonlyMap<DType, number> = new Map([
  ["i64", 64],
  ["i32", 32],
  ["i16", 16],
  ["i8", 8],
  ["i4", 4],
  ["i2", 2],
  ["u64", 64],
  ["u32", 32],
  ["u16", 16],
  ["u8", 8],
  ["u4", 4],
  ["u2", 2],
]);

export function isIntegerType(dtype: DType): boolean {
  return INTEGER_BITS.has(dtype);
}

/** All bytes in a buffer of their own, so that any typed array can view them. */
export function ownBytes(data: TensorData): ArrayBuffer {
  return data.bytes().slice().buffer as ArrayBuffer;
}

/** The elements as numbers; 64-bit integers become the nearest number. Throws VX-OP-NOT-EVALUATED for complex and string tensors. */
export function numbersOf(data: TensorData): Float64Array {
  const count = elementCount(data.shape);
  switch (data.dtype) {
    case "f64":
      return new Float64Array(ownBytes(data));
    case "f32":
      return Float64Array.from(new Float32Array(ownBytes(data)));
    case "f16":
      return Float64Array.from(new Uint16Array(ownBytes(data)), f16ToNumber);
    case "bf16":
      return Float64Array.from(new Uint16Array(ownBytes(data)), bf16ToNumber);
    case "bool":
      return Float64Array.from(data.bytes(), (byte) => (byte === 0 ? 0 : 1));
    case "f8e8m0":
      return Float64Array.from(data.bytes(), e8m0ToNumber);
    case "f4e2m1":
      return Float64Array.from(unpack(data.bytes(), "u4", count), (code) => smallFloatToNumber("f4e2m1", code));
    default:
      if (SMALL_FLOATS.has(data.dtype))
        return Float64Array.from(data.bytes(), (code) => smallFloatToNumber(data.dtype as SmallFloat, code));
      return numbersOfIntegers(data, count);
  }
}

function numbersOfIntegers(data: TensorData, count: number): Float64Array {
  switch (data.dtype) {
    case "i64":
      return Float64Array.from(new BigInt64Array(ownBytes(data)), Number);
    case "u64":
      return Float64Array.from(new BigUint64Array(ownBytes(data)), Number);
    case "u32":
      return Float64Array.from(new Uint32Array(ownBytes(data)));
    case "i32":
    case "i16":
    case "i8":
    case "i4":
    case "i2":
    case "u16":
    case "u8":
    case "u4":
    case "u2":
      return Float64Array.from(unpack(data.bytes(), data.dtype, count));
    default:
      throw opNotEvaluated("tensor", `elements of type ${data.dtype}`);
  }
}

/** The elements of an integer tensor, exact. */
export function bigintsOf(data: TensorData): BigInt64Array | BigUint64Array {
  if (data.dtype === "i64") return new BigInt64Array(ownBytes(data));
  if (data.dtype === "u64") return new BigUint64Array(ownBytes(data));
  return BigInt64Array.from(numbersOfIntegers(data, elementCount(data.shape)) as unknown as number[], BigInt);
}

/** The elements of an index or shape tensor as numbers. */
export function integersOf(data: TensorData): readonly number[] {
  return Array.from(numbersOf(data));
}

/** True for an i64 or i32 tensor of at most `limit` elements: what shape arithmetic reads. */
export function isSmallInteger(data: TensorData, limit: number): boolean {
  return (data.dtype === "i64" || data.dtype === "i32") && elementCount(data.shape) <= limit;
}

/** The truth values of a bool tensor. */
export function flagsOf(data: TensorData): Uint8Array {
  return Uint8Array.from(data.bytes(), (byte) => (byte === 0 ? 0 : 1));
}

/**
 * A tensor of the numbers rounded to `dtype`: floats half to even, 8- and 4-bit floats saturated; integers wrap around.
 * Throws VX-OP-NOT-EVALUATED for element types without a rule here.
 */
export function tensorOf(dtype: DType, shape: readonly number[], values: ArrayLike<number>): TensorData {
  return memoryTensor(dtype, shape, encode(dtype, values));
}

/** A tensor of exact integers, wrapped around to `dtype`. */
export function tensorOfBigints(dtype: DType, shape: readonly number[], values: ArrayLike<bigint>): TensorData {
  if (dtype === "i64") return memoryTensor(dtype, shape, bytesOf(BigInt64Array.from(values as ArrayLike<never>)));
  if (dtype === "u64") return memoryTensor(dtype, shape, bytesOf(BigUint64Array.from(values as ArrayLike<never>)));
  const bits = INTEGER_BITS.get(dtype);
  if (bits === undefined) return tensorOf(dtype, shape, Array.from(values, Number));
  const wrap = dtype.startsWith("u") ? BigInt.asUintN : BigInt.asIntN;
  return tensorOf(
    dtype,
    shape,
    Array.from(values, (value) => Number(wrap(bits, value))),
  );
}

/** A tensor of truth values. */
export function boolTensor(shape: readonly number[], values: ArrayLike<number | boolean>): TensorData {
  return memoryTensor(
    "bool",
    shape,
    Uint8Array.from(values as ArrayLike<number>, (value) => (value ? 1 : 0)),
  );
}

/** A tensor whose bytes are all zero. */
export function zeroTensor(dtype: DType, shape: readonly number[]): TensorData {
  return memoryTensor(dtype, shape, new Uint8Array(byteLengthOf(dtype, elementCount(shape))));
}

/** The tensor with another shape of the same size; shares the bytes. */
export function reshaped(data: TensorData, shape: readonly number[]): TensorData {
  return { ...data, shape, bytes: (begin, end) => data.bytes(begin, end) };
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function encode(dtype: DType, values: ArrayLike<number>): Uint8Array {
  switch (dtype) {
    case "f64":
      return bytesOf(Float64Array.from(values));
    case "f32":
      return bytesOf(Float32Array.from(values));
    case "f16":
      return bytesOf(Uint16Array.from(values, numberToF16));
    case "bf16":
      return bytesOf(Uint16Array.from(values, numberToBf16));
    case "bool":
      return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
    case "f4e2m1":
      return pack(
        Uint8Array.from(values, (value) => numberToSmallFloat("f4e2m1", value)),
        "u4",
      );
    default:
      if (SMALL_FLOATS.has(dtype)) return Uint8Array.from(values, (value) => numberToSmallFloat(dtype as SmallFloat, value));
      return encodeIntegers(dtype, values);
  }
}

function encodeIntegers(dtype: DType, values: ArrayLike<number>): Uint8Array {
  switch (dtype) {
    case "i64":
    case "u64":
      return bytesOf(BigInt64Array.from(values as ArrayLike<never>, toBigint));
    case "i32":
    case "u32":
      return bytesOf(Int32Array.from(values));
    case "i16":
    case "u16":
      return bytesOf(Int16Array.from(values));
    case "i8":
    case "u8":
      return bytesOf(Int8Array.from(values));
    case "i4":
    case "u4":
    case "i2":
    case "u2":
      return pack(
        Uint8Array.from(values, (value) => value & (2 ** (INTEGER_BITS.get(dtype) ?? 8) - 1)),
        dtype.endsWith("4") ? "u4" : "u2",
      );
    default:
      throw opNotEvaluated("tensor", `results of type ${dtype}`);
  }
}

const I64_MIN = -(2 ** 63);

/** The integer part; what no i64 holds becomes the lowest i64, as the processors' conversion does. */
function toBigint(value: number): bigint {
  return BigInt(value > I64_MIN && value < 2 ** 64 ? Math.trunc(value) : I64_MIN);
}
