import { type Diagnostic, VxError } from "@vlm-export/ir";

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

/** An output from which no class of one sample can be told. */
export function verifyNoScores(output: string, shape: readonly number[], sample: string): VxError {
  return new VxError({
    code: "VX-VERIFY-NO-SCORES",
    severity: "error",
    message: `sample ${sample}: the first output ${JSON.stringify(output)} is [${shape.join(", ")}], top-1 needs the scores of one sample, such as [1, classes].`,
    hint: "Give a model whose first output are class scores, and one picture per line; leave `eval` out for other models.",
    where: { stage: "verify", value: output },
  });
}
