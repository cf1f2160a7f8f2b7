import type { TensorData } from "@vlm-export/ir";

const WINDOW_BYTES = 1 << 20;

/** True where two tensors have the same type, shape and bytes. Reads both in windows. */
export function sameTensor(a: TensorData | undefined, b: TensorData | undefined): boolean {
  if (!a || !b) return a === b;
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  for (let begin = 0; begin < a.byteLength; begin += WINDOW_BYTES) {
    const end = Math.min(begin + WINDOW_BYTES, a.byteLength);
    if (Buffer.compare(a.bytes(begin, end), b.bytes(begin, end)) !== 0) return false;
  }
  return true;
}
