import type { BackendContext, Emitted } from "@vlm-export/backend-api";
import { elementBytes, layoutOnnx, type OnnxModel, tensorsOf } from "@vlm-export/formats/onnx";
import { type OnnxQdqModel, opsetOf } from "./lower.js";
import type { OnnxQdqOptions } from "./options.js";

const EXTERNAL_FROM_BYTES = 64 << 20;

/** Streams every component's files, weights first. */
export async function emit(target: OnnxQdqModel, context: BackendContext<OnnxQdqOptions>): Promise<Emitted> {
  for (const { file, lowered } of target.components) {
    const isExternal = usesExternalData(lowered.model, context.options);
    for (const { name, byteLength, chunks } of layoutOnnx(lowered.model, {
      fileName: file,
      ...(isExternal && { externalFileName: file.replace(/\.onnx$/, ".data") }),
    })) {
      const out = await context.createFile(name, { sizeBytes: byteLength });
      for await (const chunk of chunks()) {
        context.signal?.throwIfAborted();
        await out.write(chunk);
      }
      await out.close();
    }
  }
  const opsets = target.components.map(({ lowered }) => opsetOf(lowered));
  return {
    formatVersion: `onnx opset ${Math.max(...opsets)}`,
    tensors: target.components.flatMap(({ tensors }) => tensors),
    constants: target.components.flatMap(({ constants }) => constants),
  };
}

function usesExternalData(model: OnnxModel, { externalData }: OnnxQdqOptions): boolean {
  if (externalData !== "auto") return externalData === "always";
  return [...tensorsOf(model)].reduce((sum, tensor) => sum + elementBytes(tensor), 0) >= EXTERNAL_FROM_BYTES;
}
