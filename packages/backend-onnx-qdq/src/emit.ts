import type { BackendContext, Emitted } from "@vlm-export/backend-api";
import { elementBytes, layoutOnnx, tensorsOf } from "@vlm-export/formats/onnx";
import type { LoweredOnnx } from "@vlm-export/lowering-onnx";
import { type OnnxQdqModel, opsetOf } from "./lower.js";
import type { OnnxQdqOptions } from "./options.js";

const EXTERNAL_FROM_BYTES = 64 << 20;

/** Streams every component's files, weights first. */
export async function emit(target: OnnxQdqModel, context: BackendContext<OnnxQdqOptions>): Promise<Emitted> {
  for (const { file, lowered } of target.components) {
    const isExternal = usesExternalData(lowered, context.options);
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

/** By itself for large models, and where several graphs of one read the same integers, which a file beside it holds once. */
function usesExternalData({ model, quantized }: LoweredOnnx, { externalData }: OnnxQdqOptions): boolean {
  if (externalData !== "auto") return externalData === "always";
  if ([...quantized.values()].some(({ copies }) => copies.length > 0)) return true;
  return [...tensorsOf(model)].reduce((sum, tensor) => sum + elementBytes(tensor), 0) >= EXTERNAL_FROM_BYTES;
}
