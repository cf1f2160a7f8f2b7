/** Samples as onnxruntime-node tensors. */
import { Tensor } from "onnxruntime-node";

const TYPES = new Map([
  ["<f4", "float32"],
  ["<f8", "float64"],
  ["<i8", "int64"],
  ["<i4", "int32"],
  ["|i1", "int8"],
  ["|u1", "uint8"],
  ["|b1", "bool"],
  ["<u8", "uint64"],
]);

/** An array of {@link readNpz} as a tensor. */
export function tensorOf({ descriptor, values, shape }) {
  return new Tensor(TYPES.get(descriptor), values, shape);
}
