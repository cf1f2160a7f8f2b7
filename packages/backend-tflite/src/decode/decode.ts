import type { Artifact, Decoded, DecodedTensor, TensorLocation } from "@vlm-export/backend-api";
import type { TfliteModel, TfliteTensor } from "@vlm-export/formats/tflite";
import { createKernels, type Kernels } from "@vlm-export/numerics";
import { decodeTensor } from "../errors.js";
import { parseKey, type TensorKey } from "../key.js";
import { openModel } from "./open-model.js";
import { graphIntegers, storageOf } from "./integers.js";

/** Reads every located tensor back from the files. Throws VX-DECODE-TFLITE-FILE and -TENSOR. */
export async function decodeArtifact(artifact: Artifact): Promise<Decoded> {
  const files = new Map<string, TfliteModel>();
  const kernels = createKernels();
  const tensors = artifact.tensors.map((location) => {
    const key = parseKey(location.key);
    if (!key) throw decodeTensor(location.component, location.value, `the key ${JSON.stringify(location.key)} names no tensor`);
    const model = files.get(key.path) ?? openModel(artifact, key.path);
    files.set(key.path, model);
    return decodeLocation(location, key, { model, kernels });
  });
  return { decoder: "vlm-export tflite reader 1", tensors };
}

interface Source {
  readonly model: TfliteModel;
  readonly kernels: Kernels;
}

function decodeLocation(location: TensorLocation, key: TensorKey, { model, kernels }: Source): DecodedTensor {
  const { component, value, reencodings } = location;
  const fail = (problem: string) => decodeTensor(component, value, problem);
  const tensor = tensorAt(model, key, fail);
  const { scale = [], zeroPoint = [] } = tensor.quantization ?? {};
  const isShifted = reencodings.includes("sign-shift");
  const storage = storageOf(tensor.type, isShifted);
  if (!storage || scale.length === 0) throw fail(`tensor ${JSON.stringify(tensor.name)} of ${tensor.type} is not quantized as expected`);
  const data = model.buffers[tensor.buffer];
  const ints = data && data.byteLength > 0 ? graphIntegers(data, tensor, { storage, layout: key.layout, isShifted, kernels }) : undefined;
  return {
    component,
    value,
    storage,
    scale: Float32Array.from(scale),
    zeroPoint: zeroPoint.map((point) => point + shiftOf(storage)),
    reencoded: reencodings,
    ...(ints && { ints }),
  };
}

function tensorAt(model: TfliteModel, { tensor: index, layout }: TensorKey, fail: (problem: string) => Error): TfliteTensor {
  const tensor = model.subgraphs[0]?.tensors[index];
  if (!tensor) throw fail(`there is no tensor ${index}`);
  if (layout && !isLayoutOf(layout, tensor)) throw fail(`layout ${layout.join(",")} does not fit [${tensor.shape.join(", ")}]`);
  return tensor;
}

function isLayoutOf(layout: readonly number[], { shape }: TfliteTensor): boolean {
  return layout.length === shape.length && [...layout].sort((a, b) => a - b).every((axis, i) => axis === i);
}

function shiftOf(storage: string): number {
  return storage === "u8" ? 128 : storage === "u4" ? 8 : 0;
}
