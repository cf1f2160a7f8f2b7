import { type OnnxTensor, type OnnxTensorData, type OnnxDType, onnxTensor } from "@vlm-export/formats/onnx";
import { type TensorData, windowsOf } from "@vlm-export/ir";
import { stringsOf } from "@vlm-export/ops";

/** Tensors up to this size are held; larger ones are streamed when the file is written. */
const HELD_BYTES = 4096;

const known = new WeakMap<TensorData, OnnxTensorData>();

/** A tensor for the writer. The same TensorData gives the same data object, so that the writer stores it once. */
export function onnxTensorOf(name: string, data: TensorData, dims: readonly number[] = data.shape): OnnxTensor {
  const held = known.get(data) ?? payloadOf(data);
  known.set(data, held);
  return onnxTensor(name, data.dtype as OnnxDType, dims, held);
}

function payloadOf(data: TensorData): OnnxTensorData {
  if (data.dtype === "string") return { kind: "strings", strings: () => stringsOf(data) };
  if (data.byteLength <= HELD_BYTES) return { kind: "bytes", bytes: data.bytes() };
  return { kind: "stream", byteLength: data.byteLength, chunks: () => windowsOf(data) };
}
