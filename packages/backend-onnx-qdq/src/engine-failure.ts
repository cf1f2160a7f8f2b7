import { VxError } from "@vlm-export/ir";
import { toolOnnxEngineLacks, verifyOnnxEngine } from "./errors.js";

/**
 * What ONNX Runtime says of a sound model when it lacks a kernel, an operator of another domain, an element type, a newer opset, a
 * locale of the system or memory. Its binding for Node leaves out the status code (NOT_IMPLEMENTED and the like) that would tell.
 */
const LACKS: readonly RegExp[] = [
  /NOT_IMPLEMENTED|Could not find an implementation for/,
  /is not a registered function\/op/,
  /Unsupported data type|MLDataType for/,
  /Unsupported model IR version|is under development/,
  /Failed to find kernel|(is|are) not (yet )?(supported|implemented)/i,
  /Failed to construct locale/,
  /Failed to allocate memory|bad_alloc|bad allocation/,
];

/**
 * An error of the engine that ran the artifact, as the proof reads it: of kind tool where the engine lacks something, else of kind
 * verify. Others unchanged.
 */
export function engineFailure(error: unknown): unknown {
  if (!(error instanceof VxError)) return error;
  const { code, message } = error.diagnostic;
  if (code === "VX-ENGINE-DTYPE") return toolOnnxEngineLacks(error);
  if (code !== "VX-ENGINE-LOAD" && code !== "VX-ENGINE-RUN") return error;
  return LACKS.some((pattern) => pattern.test(message)) ? toolOnnxEngineLacks(error) : verifyOnnxEngine(error);
}
