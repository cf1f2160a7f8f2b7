import type { OnnxFile } from "./layout-onnx.js";
import { layoutOnnx } from "./layout-onnx.js";
import type { OnnxModel } from "./model.js";

/** The content of a file. */
export async function contentOf(file: OnnxFile): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.chunks()) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** A model as one file. */
export async function bytesOf(model: OnnxModel): Promise<Uint8Array> {
  const [file] = layoutOnnx(model);
  if (file === undefined) throw new Error("a layout has a model file");
  return contentOf(file);
}
