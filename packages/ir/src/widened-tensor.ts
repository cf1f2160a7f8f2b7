import { floatsFromBytes, type HalfArray, widen } from "@vlm-export/numerics";
import { elementCount, type TensorData } from "./tensor-data.js";

const views = new WeakMap<TensorData, TensorData>();

/**
 * An f16 or bf16 tensor as f32: converted as it is read, which is exact, and never held. The same `narrow` gives the same tensor.
 * Throws RangeError for another type: a caller's bug.
 */
export function widenedTensor(narrow: TensorData): TensorData {
  const { dtype, shape } = narrow;
  if (dtype !== "f16" && dtype !== "bf16") throw new RangeError(`widenedTensor: ${dtype} is no 16-bit float`);
  const known = views.get(narrow);
  if (known) return known;
  const byteLength = elementCount(shape) * 4;
  const bytes = (begin = 0, end = byteLength): Uint8Array => {
    const first = Math.floor(begin / 4) * 2;
    const { bits } = floatsFromBytes(narrow.bytes(first, Math.ceil(end / 4) * 2), dtype) as HalfArray;
    return new Uint8Array(widen(bits, dtype).buffer).subarray(begin - first * 2, end - first * 2);
  };
  const wide: TensorData = { dtype: "f32", shape, byteLength, bytes, narrow };
  views.set(narrow, wide);
  return wide;
}

/** What is stored of a tensor: the 16-bit floats behind one that is widened as it is read, else the tensor itself. */
export function storedTensor(data: TensorData): TensorData {
  return data.narrow ?? data;
}

/** Bytes of what is stored of all tensors; what several share counts once. */
export function storedByteLength(tensors: readonly TensorData[]): number {
  return [...new Set(tensors.map(storedTensor))].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
