import { type NpySource, npzChunks } from "@vlm-export/formats/npy";
import {
  intsAttribute,
  layoutOnnx,
  onnxGraph,
  onnxModel,
  onnxNode,
  onnxTensor,
  onnxValue,
  type OnnxLayoutOptions,
  type OnnxModel,
} from "@vlm-export/formats/onnx";

/** Little-endian float32. */
export const f32 = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
/** Little-endian int64. */
export const i64 = (values: readonly number[]): Uint8Array => new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
/** `count` float32 between -1 and 1 that do not repeat. */
export const ramp = (count: number): Uint8Array => f32(Array.from({ length: count }, (_, i) => Math.sin(i)));

/** A model of one graph, ONNX opset 17 if not told otherwise. */
export function smallModel(graph: Parameters<typeof onnxGraph>[0], opset = 17, irVersion = 8): OnnxModel {
  return onnxModel({
    irVersion,
    opsetImports: [
      { domain: "", version: opset },
      { domain: "local", version: 1 },
    ],
    graph: onnxGraph(graph),
  });
}

/** `y = relu(x · w) · v` with x [2, 16], w [16, 8], v [8, 4]; `names` renames any of x, w, h, r, v, y. */
export function twoLayers(names: Partial<Record<"x" | "w" | "h" | "r" | "v" | "y", string>> = {}, w: Uint8Array = ramp(128)): OnnxModel {
  const { x, w: weight, h, r, v, y } = { x: "x", w: "w", h: "h", r: "r", v: "v", y: "y", ...names };
  return smallModel({
    name: "two-layers",
    inputs: [onnxValue(x, "f32", [2, 16])],
    outputs: [onnxValue(y, "f32", [2, 4])],
    initializers: [onnxTensor(weight, "f32", [16, 8], w), onnxTensor(v, "f32", [8, 4], ramp(32))],
    nodes: [
      onnxNode({ opType: "MatMul", inputs: [x, weight], outputs: [h] }),
      onnxNode({ opType: "Relu", inputs: [h], outputs: [r] }),
      onnxNode({ opType: "MatMul", inputs: [r, v], outputs: [y] }),
    ],
  });
}

/** `y = conv(x, w)` over a picture of 4 × 4 pixels. */
export function oneConvolution(): OnnxModel {
  return smallModel({
    name: "one-convolution",
    inputs: [onnxValue("x", "f32", [1, 3, 4, 4])],
    outputs: [onnxValue("y", "f32", [1, 2, 4, 4])],
    initializers: [onnxTensor("w", "f32", [2, 3, 3, 3], ramp(54))],
    nodes: [onnxNode({ opType: "Conv", inputs: ["x", "w"], outputs: ["y"], attributes: [intsAttribute("pads", [1, 1, 1, 1])] })],
  });
}

/** The model file of `model`; with `options` that place data elsewhere, the last file. */
export async function onnxBytes(model: OnnxModel, options: OnnxLayoutOptions = {}): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const file = layoutOnnx(model, options).at(-1);
  if (file) for await (const chunk of file.chunks()) chunks.push(chunk.slice());
  return new Uint8Array(Buffer.concat(chunks));
}

/** An npz file of the arrays. */
export async function npz(arrays: Readonly<Record<string, NpySource>>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of npzChunks(new Map(Object.entries(arrays)))) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}
