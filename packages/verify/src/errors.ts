import { type Diagnostic, VxError } from "@vlm-export/ir";

/** A tensor of an artifact, as manifest and report call it. */
export interface TensorName {
  readonly component: string;
  readonly value: string;
}

/** A tensor of an artifact, read back, is not that of the frozen graph; `hint` says what to do about it. */
export function verifyDecode(backend: string, { component, value }: TensorName, difference: string, hint: string): Diagnostic {
  return {
    code: "VX-VERIFY-DECODE",
    severity: "error",
    message: `the artifact's tensor ${difference}.`,
    hint,
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
