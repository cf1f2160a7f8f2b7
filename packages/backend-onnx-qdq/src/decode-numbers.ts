import { elementCount, type TensorData } from "@vlm-export/ir";
import { decodeMalformed } from "./errors.js";

/** Scales from this many on are looked up in a table of all 16-bit patterns. */
const TABLE_FROM = 1 << 16;

/** Throws VX-DECODE-ONNX unless the tensor is of a type that scales have. */
export function requireFloats(path: string, { dtype }: TensorData): void {
  if (dtype !== "f32" && dtype !== "f16" && dtype !== "bf16") throw decodeMalformed(path, `a scale has type ${dtype}`);
}

/** The numbers of a scale in f32, widened exactly. Throws VX-DECODE-ONNX. */
export function floatsOf(path: string, scale: TensorData): Float32Array {
  requireFloats(path, scale);
  const numbers = new Float32Array(elementCount(scale.shape));
  if (scale.dtype === "f32") {
    const target = new Uint8Array(numbers.buffer);
    if (scale.readInto) scale.readInto(target, 0);
    else target.set(scale.bytes());
    return numbers;
  }
  const bytes = scale.bytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numberOf = scale.dtype === "f16" ? half : brain;
  const table = numbers.length < TABLE_FROM ? undefined : Float32Array.from({ length: 1 << 16 }, (_, bits) => numberOf(bits));
  for (let i = 0; i < numbers.length; i += 1) {
    const bits = view.getUint16(i * 2, true);
    numbers[i] = table ? (table[bits] as number) : numberOf(bits);
  }
  return numbers;
}

/** IEEE 754 binary16: sign, 5 exponent bits with bias 15, 10 fraction bits. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16: the upper half of a float32. */
function brain(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0] as number;
}

const BITS_OF: Readonly<Record<string, number>> = { i2: 2, u2: 2, i4: 4, u4: 4, i8: 8, u8: 8, i16: 16, u16: 16, i32: 32 };

/** Zero points, one per scale; empty when all are 0. */
export function zeroPointsOf(zeroPoint: TensorData): readonly number[] {
  const bytes = zeroPoint.bytes();
  return Buffer.compare(bytes, new Uint8Array(bytes.byteLength)) === 0 ? [] : integersOf(zeroPoint, bytes);
}

/** Integers packed low bits first, bytes little-endian. */
function integersOf({ dtype, shape }: TensorData, bytes: Uint8Array): readonly number[] {
  const bits = BITS_OF[dtype] ?? 8;
  const unused = 32 - bits;
  const isSigned = dtype.startsWith("i");
  const integers = Array.from<number>({ length: elementCount(shape) });
  for (let i = 0; i < integers.length; i += 1) {
    const first = Math.floor((i * bits) / 8);
    let code = (bytes[first] ?? 0) >> ((i * bits) % 8);
    for (let byte = 1; byte * 8 < bits; byte += 1) code |= (bytes[first + byte] ?? 0) << (byte * 8);
    integers[i] = isSigned ? (code << unused) >> unused : (code << unused) >>> unused;
  }
  return integers;
}
