import type { TensorData } from "@vlm-export/ir";
import { singlesOf } from "../weights/constant-floats.js";

/** A matrix with row k of its summed axis multiplied by factor k, in memory shared with worker threads. */
export function scaledWeight(data: TensorData, reduce: number, factors: Float32Array): TensorData {
  const values = singlesOf(data);
  const columns = data.shape[1] as number;
  const scaled = new Float32Array(new SharedArrayBuffer(values.byteLength));
  const rows = values.length / columns;
  for (let row = 0, i = 0; row < rows; row += 1) {
    const ofRow = reduce === 0 ? (factors[row] as number) : undefined;
    for (let column = 0; column < columns; column += 1, i += 1) scaled[i] = (values[i] as number) * (ofRow ?? (factors[column] as number));
  }
  const bytes = new Uint8Array(scaled.buffer);
  const { dtype, shape, byteLength } = data;
  return { dtype, shape, byteLength, bytes: (begin = 0, end = byteLength) => bytes.subarray(begin, end) };
}

/** A vector divided by the factors. */
export function divided(data: TensorData, factors: Float32Array): Float32Array {
  return singlesOf(data).map((value, k) => value / (factors[k] as number));
}
