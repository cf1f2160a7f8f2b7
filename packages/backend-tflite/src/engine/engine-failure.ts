import type { VxError } from "@vlm-export/ir";
import { toolEngine, verifyEngine } from "../errors.js";

/** What the engine says when it lacks a kernel, a tensor type at its interface, or memory (it has 32-bit addresses). */
const LACKS: readonly RegExp[] = [
  /Didn't find op for builtin opcode/,
  /Element type \w+ is not supported/,
  /out of memory|\bOOM\b|memory access out of bounds/i,
];

/** The error for what the engine says of a model or of a run: of kind tool where the engine lacks something, else of kind verify. */
export function engineFailure(detail: string): VxError {
  return LACKS.some((pattern) => pattern.test(detail)) ? toolEngine(detail) : verifyEngine(detail);
}
