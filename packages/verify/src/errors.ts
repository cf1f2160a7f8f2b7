import type { Diagnostic } from "@vlm-export/ir";

/** A tensor of an artifact, read back, is not that of the frozen graph. */
export function verifyDecode(backend: string, component: string, value: string, difference: string): Diagnostic {
  return {
    code: "VX-VERIFY-DECODE",
    severity: "error",
    message: `the artifact's tensor ${difference}.`,
    hint: "The artifact does not carry the graph's integers and must not be shipped; report this with the recipe and the graph hash.",
    where: { stage: "verify", backend, component, value },
  };
}

/** More tensors differ than are listed one by one. */
export function verifyDecodeMore(backend: string, count: number): Diagnostic {
  return { code: "VX-VERIFY-DECODE", severity: "error", message: `${count} more tensors differ.`, where: { stage: "verify", backend } };
}
