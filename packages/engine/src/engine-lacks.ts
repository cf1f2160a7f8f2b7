import { VxError } from "@vlm-export/ir";

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

/** True for an error of the engine that says that it lacks something: nothing is then known of the model or of the sample that was run. */
export function engineLacks(error: VxError): boolean {
  const { code, message } = error.diagnostic;
  if (code === "VX-ENGINE-DTYPE" || code === "VX-ENGINE-NAME") return true;
  return (code === "VX-ENGINE-LOAD" || code === "VX-ENGINE-RUN") && LACKS.some((pattern) => pattern.test(message));
}
