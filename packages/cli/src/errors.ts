import { type FailureKind, VxError } from "@vlm-export/ir";

/** Wrong words on the command line. */
export function cliUsage(message: string): VxError {
  return new VxError({
    code: "VX-CLI-USAGE",
    severity: "error",
    message,
    hint: "Run vlm-export --help, or vlm-export COMMAND --help.",
    where: { stage: "plan" },
  });
}

/** Ctrl-C ended the command. */
function cliInterrupted(): VxError {
  const kind: FailureKind = "interrupted";
  return new VxError(
    {
      code: "VX-CLI-INTERRUPTED",
      severity: "error",
      message: "interrupted; temporary files were removed and nothing was written.",
      where: { stage: "report" },
    },
    { kind },
  );
}

/** Coded errors as they are; an abort as VX-CLI-INTERRUPTED; the rest is a bug and stays. */
export function fromUnknown(error: unknown, isAborted: boolean): unknown {
  if (isAborted && !(error instanceof VxError && error.kind !== "interrupted")) return cliInterrupted();
  return error;
}
