import { type FailureKind, systemLimit, VxError } from "@vlm-export/ir";

/** The folder that --cache names cannot be made or written. */
export function cliCache(folder: string, cause: unknown): VxError {
  return new VxError(
    {
      code: "VX-CLI-CACHE",
      severity: "error",
      message: `--cache: ${folder} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
      hint: "Name a folder that you may write, or --cache off.",
      where: { stage: "plan", file: folder },
    },
    { cause },
  );
}

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

/** What a limit of the system caused as VX-TOOL-LIMIT; coded errors as they are; an abort as VX-CLI-INTERRUPTED; the rest is a bug and stays. */
export function fromUnknown(error: unknown, isAborted: boolean): unknown {
  if (isAborted && !(error instanceof VxError && error.kind !== "interrupted")) return cliInterrupted();
  return systemLimit(error) ?? error;
}
