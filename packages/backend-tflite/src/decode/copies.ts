import { type TensorData, windowsOf } from "@vlm-export/ir";
import type { DecodedTensor } from "@vlm-export/backend-api";

/** What one of several tensors for a value holds. */
export type Copy = Pick<DecodedTensor, "ints"> & Partial<Pick<DecodedTensor, "storage" | "scale" | "zeroPoint" | "scaleShape">>;

/** True when both hold the same numbers. */
export function isSame(a: Copy, b: Copy): boolean {
  return (
    a.storage === b.storage &&
    String(a.scale) === String(b.scale) &&
    String(a.zeroPoint) === String(b.zeroPoint) &&
    (!a.scaleShape || !b.scaleShape || String(a.scaleShape) === String(b.scaleShape)) &&
    haveSameBytes(a.ints, b.ints)
  );
}

function haveSameBytes(a: TensorData | undefined, b: TensorData | undefined): boolean {
  if (!a || !b) return a === b;
  if (a.dtype !== b.dtype || a.byteLength !== b.byteLength) return false;
  let begin = 0;
  for (const part of windowsOf(a)) {
    if (Buffer.compare(part, b.bytes(begin, begin + part.byteLength)) !== 0) return false;
    begin += part.byteLength;
  }
  return true;
}
