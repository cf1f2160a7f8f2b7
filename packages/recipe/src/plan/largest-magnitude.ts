import { singles, type TensorData, windowsOf } from "@vlm-export/ir";

/** The largest magnitude in a float constant of 32 or 16 bits, or the first that is `enough`; NaN is passed over. */
export function largestMagnitude(data: TensorData, enough: number): number {
  let largest = 0;
  for (const window of windowsOf(singles(data))) {
    for (const value of new Float32Array(aligned(window))) {
      const magnitude = Math.abs(value);
      if (magnitude >= enough) return magnitude;
      if (magnitude > largest) largest = magnitude;
    }
  }
  return largest;
}

function aligned(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer;
}
