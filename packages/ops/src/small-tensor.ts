import { byteLengthOf, type DType, elementCount, memoryTensor, type TensorData, widenedTensor } from "@vlm-export/ir";
import {
  bf16ToF32Bits,
  e8m0ToNumber,
  f16ToF32Bits,
  f32BitsToBf16,
  f32BitsToF16,
  type IntegerType,
  numberToSmallFloat,
  pack,
  type SmallFloat,
  smallFloatToNumber,
  unpack,
} from "@vlm-export/numerics";
import { opNotEvaluated } from "./errors.js";

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

/** True for the integer types from 2 to 64 bits; bool is none. */
export function isIntegerType(dtype: DType): boolean {
  return INTEGER_BITS.has(dtype);
}

/** All bytes in a buffer of their own, so that any typed array can view them. */
export function ownBytes(data: TensorData): ArrayBuffer {
  return data.bytes().slice().buffer as ArrayBuffer;
}

type Decoder = (data: TensorData) => Float64Array;

const integers =
  (dtype: IntegerType): Decoder =>
  (data) =>
    new Float64Array(unpack(data.bytes(), dtype, elementCount(data.shape)));
const smallFloats =
  (dtype: SmallFloat): Decoder =>
  (data) =>
    Float64Array.from(data.bytes(), (code) => smallFloatToNumber(dtype, code));

/** 16-bit floats, by way of the f32 bits that each stands for. */
function halves(toF32Bits: (bits: number) => number): Decoder {
  return (data) => new Float64Array(new Float32Array(new Uint32Array(new Uint16Array(ownBytes(data))).map(toF32Bits).buffer));
}

const DECODERS: ReadonlyMap<DType, Decoder> = new Map<DType, Decoder>([
  ["f64", (data) => new Float64Array(ownBytes(data))],
  ["f32", (data) => new Float64Array(new Float32Array(ownBytes(data)))],
  ["f16", halves(f16ToF32Bits)],
  ["bf16", halves(bf16ToF32Bits)],
  ["f8e4m3", smallFloats("f8e4m3")],
  ["f8e4m3uz", smallFloats("f8e4m3uz")],
  ["f8e5m2", smallFloats("f8e5m2")],
  ["f8e5m2uz", smallFloats("f8e5m2uz")],
  ["f8e8m0", (data) => Float64Array.from(data.bytes(), e8m0ToNumber)],
  ["f4e2m1", (data) => integers("u4")(data).map((code) => smallFloatToNumber("f4e2m1", code))],
  ["bool", (data) => Float64Array.from(data.bytes(), (byte) => (byte === 0 ? 0 : 1))],
  ["i64", (data) => Float64Array.from(new BigInt64Array(ownBytes(data)), Number)],
  ["u64", (data) => Float64Array.from(new BigUint64Array(ownBytes(data)), Number)],
  ["u32", (data) => Float64Array.from(new Uint32Array(ownBytes(data)))],
  ["i32", integers("i32")],
  ["i16", integers("i16")],
  ["i8", integers("i8")],
  ["i4", integers("i4")],
  ["i2", integers("i2")],
  ["u16", integers("u16")],
  ["u8", integers("u8")],
  ["u4", integers("u4")],
  ["u2", integers("u2")],
]);

/** The elements as numbers; 64-bit integers become the nearest number. Throws VX-OP-NOT-EVALUATED for complex and string tensors. */
export function numbersOf(data: TensorData): Float64Array {
  const decode = DECODERS.get(data.dtype);
  if (!decode) throw opNotEvaluated("tensor", `elements of type ${data.dtype}`);
  return decode(data);
}

/** The elements of an integer tensor, exact. */
export function bigintsOf(data: TensorData): BigInt64Array | BigUint64Array {
  if (data.dtype === "i64") return new BigInt64Array(ownBytes(data));
  if (data.dtype === "u64") return new BigUint64Array(ownBytes(data));
  return BigInt64Array.from(numbersOf(data) as unknown as number[], BigInt);
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
  if (data.narrow) return widenedTensor(reshaped(data.narrow, shape));
  return { ...data, shape, bytes: (begin, end) => data.bytes(begin, end) };
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

type Encoder = (values: ArrayLike<number>) => Uint8Array;

const packedInts =
  (storage: "u4" | "u2", mask: number): Encoder =>
  (values) =>
    pack(
      Uint8Array.from(values, (value) => value & mask),
      storage,
    );
const smallFloatCodes =
  (dtype: SmallFloat): Encoder =>
  (values) =>
    Uint8Array.from(values, (value) => numberToSmallFloat(dtype, value));
const as64: Encoder = (values) => bytesOf(BigInt64Array.from(values as ArrayLike<never>, toBigint));
const as32: Encoder = (values) => bytesOf(new Int32Array(values));
const as16: Encoder = (values) => bytesOf(new Int16Array(values));
const as8: Encoder = (values) => bytesOf(new Int8Array(values));

function toHalves(fromF32Bits: (bits: number) => number): Encoder {
  return (values) => bytesOf(new Uint16Array(new Uint32Array(new Float32Array(values).buffer).map(fromF32Bits)));
}

const ENCODERS: ReadonlyMap<DType, Encoder> = new Map<DType, Encoder>([
  ["f64", (values) => bytesOf(new Float64Array(values))],
  ["f32", (values) => bytesOf(new Float32Array(values))],
  ["f16", toHalves(f32BitsToF16)],
  ["bf16", toHalves(f32BitsToBf16)],
  ["f8e4m3", smallFloatCodes("f8e4m3")],
  ["f8e4m3uz", smallFloatCodes("f8e4m3uz")],
  ["f8e5m2", smallFloatCodes("f8e5m2")],
  ["f8e5m2uz", smallFloatCodes("f8e5m2uz")],
  ["f4e2m1", (values) => pack(smallFloatCodes("f4e2m1")(values), "u4")],
  ["bool", (values) => Uint8Array.from(values, (value) => (value === 0 ? 0 : 1))],
  ["i64", as64],
  ["u64", as64],
  ["i32", as32],
  ["u32", as32],
  ["i16", as16],
  ["u16", as16],
  ["i8", as8],
  ["u8", as8],
  ["i4", packedInts("u4", 15)],
  ["u4", packedInts("u4", 15)],
  ["i2", packedInts("u2", 3)],
  ["u2", packedInts("u2", 3)],
]);

function encode(dtype: DType, values: ArrayLike<number>): Uint8Array {
  const encoder = ENCODERS.get(dtype);
  if (!encoder) throw opNotEvaluated("tensor", `results of type ${dtype}`);
  return encoder(values);
}

const I64_MIN = -(2 ** 63);

/** The integer part; what no i64 holds becomes the lowest i64, as the processors' conversion does. */
function toBigint(value: number): bigint {
  return BigInt(value > I64_MIN && value < 2 ** 64 ? Math.trunc(value) : I64_MIN);
}
