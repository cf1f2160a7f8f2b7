import { type TensorData, windowsOf } from "./tensor-data.js";

/** True where two tensors hold the same bytes, whatever their types and shapes. Reads both in windows. */
export function sameBytes(a: TensorData, b: TensorData): boolean {
  if (a.byteLength !== b.byteLength) return false;
  let begin = 0;
  for (const part of windowsOf(a)) {
    const end = begin + part.byteLength;
    if (Buffer.compare(part, b.bytes(begin, end)) !== 0) return false;
    begin = end;
  }
  return true;
}
