import { sameBytes, type TensorData } from "@vlm-export/ir";
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
    haveSameElements(a.ints, b.ints)
  );
}

function haveSameElements(a: TensorData | undefined, b: TensorData | undefined): boolean {
  return a && b ? a.dtype === b.dtype && sameBytes(a, b) : a === b;
}
