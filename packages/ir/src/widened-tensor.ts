import { floatsFromBytes, type HalfArray, widen } from "@vlm-export/numerics";
import { elementCount, type TensorData, windowOf } from "./tensor-data.js";

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
    const first = Math.floor(begin / 4) * 4;
    const target = new Uint8Array(Math.ceil(end / 4) * 4 - first);
    widenInto(narrow, target, first);
    return target.subarray(begin - first, end - first);
  };
  const readInto = (target: Uint8Array, begin: number): void => {
    if ((begin | target.byteLength | target.byteOffset) % 4 === 0) widenInto(narrow, target, begin);
    else target.set(bytes(begin, begin + target.byteLength));
  };
  const wide: TensorData = { dtype: "f32", shape, byteLength, bytes, readInto, narrow };
  views.set(narrow, wide);
  return wide;
}

/** An f32, f16 or bf16 tensor as f32; the same tensor gives the same result. */
export function singles(data: TensorData): TensorData {
  return data.dtype === "f32" ? data : widenedTensor(data);
}

/** Fills `target` with whole elements from byte `begin` on; the stored ones are read into its upper half. */
function widenInto(narrow: TensorData, target: Uint8Array, begin: number): void {
  const half = target.byteLength / 2;
  const bytes = windowOf(narrow, { begin: begin / 2, end: begin / 2 + half }, target.subarray(half));
  const dtype = narrow.dtype as HalfArray["dtype"];
  const { bits } = floatsFromBytes(bytes, dtype) as HalfArray;
  widen(bits, dtype, new Float32Array(target.buffer, target.byteOffset, target.byteLength / 4));
}

/** What is stored of a tensor: the 16-bit floats behind one that is widened as it is read, else the tensor itself. */
export function storedTensor(data: TensorData): TensorData {
  return data.narrow ?? data;
}

/** Bytes of what is stored of all tensors; what several share counts once. */
export function storedByteLength(tensors: readonly TensorData[]): number {
  return [...new Set(tensors.map(storedTensor))].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
