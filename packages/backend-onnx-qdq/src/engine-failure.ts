import { engineLacks } from "@vlm-export/engine";
import { VxError } from "@vlm-export/ir";
import { toolOnnxEngineLacks, verifyOnnxEngine } from "./errors.js";

/**
 * An error of the engine that ran the artifact, as the proof reads it: of kind tool where the engine lacks something, else of kind
 * verify. Others unchanged.
 */
export function engineFailure(error: unknown): unknown {
  if (!(error instanceof VxError)) return error;
  if (engineLacks(error)) return toolOnnxEngineLacks(error);
  const { code } = error.diagnostic;
  return code === "VX-ENGINE-LOAD" || code === "VX-ENGINE-RUN" ? verifyOnnxEngine(error) : error;
}
