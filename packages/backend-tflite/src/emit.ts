import type { BackendContext, Emitted } from "@vlm-export/backend-api";
import { tfliteFile } from "@vlm-export/formats/tflite";
import type { TargetModel, TfliteTargetOptions } from "./target-model.js";

/** Streams every file of the target. */
export async function emitModel(target: TargetModel, context: BackendContext<TfliteTargetOptions>): Promise<Emitted> {
  for (const { path, model } of target) {
    const file = await context.createFile(path);
    for (const chunk of tfliteFile(model).chunks()) await file.write(chunk);
    await file.close();
  }
  return {
    formatVersion: "3",
    tensors: target.flatMap(({ tensors }) => tensors),
    constants: target.flatMap(({ constants }) => constants),
  };
}
