import type { SourceNode } from "../rule.js";

/** Why constants beside the inputs of a node cannot be made: an element type is not known. Undefined when all are. */
export function untypedInput({ inputs }: SourceNode): string | undefined {
  const index = inputs.findIndex((value) => value?.type.dtype === "unknown");
  return index < 0 ? undefined : `the element type of input ${index} is not known`;
}
