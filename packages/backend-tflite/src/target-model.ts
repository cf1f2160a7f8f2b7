import type { TfliteModel } from "@vlm-export/formats/tflite";
import type { ConstantLocation, TensorLocation } from "@vlm-export/backend-api";

/** Options of the target in the recipe. */
export interface TfliteTargetOptions {
  /** float32: quantized inputs and outputs are converted at the model's edges; int8: they are its inputs and outputs themselves. */
  readonly io: "float32" | "int8";
}

/** One .tflite file to be written. */
export interface TargetFile {
  readonly component: string;
  /** Relative to the artifact's folder. */
  readonly path: string;
  readonly model: TfliteModel;
  readonly tensors: readonly TensorLocation[];
  readonly constants: readonly ConstantLocation[];
}

/** What `lower` gives and `emit` writes: one file per component. */
export type TargetModel = readonly TargetFile[];
