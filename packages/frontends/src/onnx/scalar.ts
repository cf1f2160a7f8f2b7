import { byteLengthOf, type DType, isFloat, memoryTensor, type TensorData } from "@vlm-export/ir";
import { floatToBits, numberToBf16, numberToF16 } from "@vlm-export/numerics";

type Encode = (view: DataView, at: number, value: number) => void;

const ENCODERS: ReadonlyMap<DType, Encode> = new Map<DType, Encode>([
  ["f64", (view, at, value) => view.setFloat64(at, value, true)],
  ["f32", (view, at, value) => view.setUint32(at, floatToBits(value), true)],
  ["f16", (view, at, value) => view.setUint16(at, numberToF16(value), true)],
  ["bf16", (view, at, value) => view.setUint16(at, numberToBf16(value), true)],
  ["i64", (view, at, value) => view.setBigInt64(at, BigInt(value), true)],
  ["u64", (view, at, value) => view.setBigUint64(at, BigInt(value), true)],
  ["i32", (view, at, value) => view.setInt32(at, value, true)],
  ["u32", (view, at, value) => view.setUint32(at, value, true)],
  ["i16", (view, at, value) => view.setInt16(at, value, true)],
  ["u16", (view, at, value) => view.setUint16(at, value, true)],
  ["i8", (view, at, value) => view.setInt8(at, value)],
  ["u8", (view, at, value) => view.setUint8(at, value)],
]);

/** A small tensor of numbers, or undefined for an element type that does not hold them: no plain numbers, or only whole ones. */
export function numbersTensor(dtype: DType, values: readonly number[], shape: readonly number[] = [values.length]): TensorData | undefined {
  const encode = ENCODERS.get(dtype);
  if (!encode || (!isFloat(dtype) && !values.every(Number.isInteger))) return undefined;
  const bytes = new Uint8Array(byteLengthOf(dtype, values.length));
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) encode(view, byteLengthOf(dtype, i), value);
  return memoryTensor(dtype, shape, bytes);
}
