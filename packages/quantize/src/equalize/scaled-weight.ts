import { memoryTensor, type TensorData, windowsOf } from "@vlm-export/ir";
import { singlesOf } from "../weights/constant-floats.js";

/** A matrix with row k of its summed axis multiplied by factor k, in memory shared with worker threads. */
export function scaledWeight(data: TensorData, reduce: number, factors: Float32Array): TensorData {
  const bytes = new Uint8Array(new SharedArrayBuffer(data.byteLength));
  let at = 0;
  for (const window of windowsOf(data)) {
    bytes.set(window, at);
    at += window.byteLength;
  }
  const values = new Float32Array(bytes.buffer);
  const columns = data.shape[1] as number;
  if (reduce === 0) scaleRows(values, columns, factors);
  else scaleColumns(values, factors);
  return memoryTensor(data.dtype, data.shape, bytes);
}

function scaleRows(values: Float32Array, columns: number, factors: Float32Array): void {
  for (let row = 0, i = 0; i < values.length; row += 1) {
    const factor = factors[row] as number;
    for (const end = i + columns; i < end; i += 1) values[i] = (values[i] as number) * factor;
  }
}

/** Multiplies element k of every row by factor k. */
export function scaleColumns(values: Float32Array, factors: Float32Array): void {
  for (let i = 0; i < values.length; )
    for (let k = 0; k < factors.length; k += 1, i += 1) values[i] = (values[i] as number) * (factors[k] as number);
}

/** A vector divided by the factors. */
export function divided(data: TensorData, factors: Float32Array): Float32Array {
  return singlesOf(data).map((value, k) => value / (factors[k] as number));
}
