import { sameBytes, type TensorData } from "@vlm-export/ir";

/** True where two tensors have the same type, shape and bytes. */
export function sameTensor(a: TensorData | undefined, b: TensorData | undefined): boolean {
  return a && b ? a.dtype === b.dtype && a.shape.join() === b.shape.join() && sameBytes(a, b) : a === b;
}
