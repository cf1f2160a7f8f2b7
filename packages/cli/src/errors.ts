import { type Diagnostic, type FailureKind, systemLimit, VxError } from "@vlm-export/ir";

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

/** Code that a command called threw where nothing catches it, as in a timer; `backend`: whose hooks ran then. */
export function cliStray(error: unknown, backend?: string): VxError {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new VxError(
    {
      code: "VX-CLI-STRAY",
      severity: "error",
      message: `an error that nothing catches ended the command: ${text}`,
      hint:
        backend === undefined
          ? "The lines after it name the file. Where that is a plugin's, `vlm-export backend test PATH` checks it; else please report it."
          : `It came while the plugin of target ${backend} ran, whose bug it is: leave the target out; \`vlm-export backend test PATH\` checks it.`,
      where: { stage: "report", ...(backend !== undefined && { backend }) },
    },
    { cause: error, kind: backend === undefined ? "user" : "verify" },
  );
}

/** The process ends while a command waits for something that does not come. */
export function cliUnfinished(): VxError {
  return new VxError({
    code: "VX-CLI-UNFINISHED",
    severity: "error",
    message: "the process ended before the command: it waits for a promise that nothing settles, or a plugin ended the process.",
    hint: "`vlm-export backend test PATH` checks a plugin. The next run removes temporary files that are left.",
    where: { stage: "report" },
  });
}

/** Wrong words on the command line; `suggestion` stands before the way to the help. */
export function cliUsage(message: string, suggestion = ""): VxError {
  return new VxError({
    code: "VX-CLI-USAGE",
    severity: "error",
    message,
    hint: `${suggestion}Run vlm-export --help, or vlm-export COMMAND --help.`,
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

/** The report and the manifest of an output folder do not say the same of a target. */
export function verifyContradiction(target: string, dist: string, differing: readonly string[]): Diagnostic {
  return {
    code: "VX-VERIFY-CONTRADICTION",
    severity: "error",
    message: `report.json and manifest.json are not of one run; they differ in ${differing.join(", ")}.`,
    hint: "One of them was changed or comes from another folder: restore both, or run vlm-export again.",
    where: { stage: "verify", backend: target, file: dist },
  };
}

/** An output folder without an artifact; `targets`: those of its report. */
export function verifyNoTargets(dist: string, targets: readonly string[]): Diagnostic {
  return {
    code: "VX-VERIFY-NO-TARGETS",
    severity: "error",
    message: `the folder has no artifact to prove${targets.length > 0 ? `: the run that wrote it gave none for ${targets.join(", ")}` : ""}.`,
    hint: "Its report.md, where there is one, says why; run vlm-export again.",
    where: { stage: "verify", file: dist },
  };
}

/** A target whose artifact failed its proof in the run that wrote the output folder. */
export function verifyRejected(target: string, dist: string): Diagnostic {
  return {
    code: "VX-VERIFY-REJECTED",
    severity: "error",
    message: "the run that wrote this folder rejected the artifact of this target.",
    hint: "Its report.md says why. The files under rejected/ must not be shipped.",
    where: { stage: "verify", backend: target, file: dist },
  };
}
