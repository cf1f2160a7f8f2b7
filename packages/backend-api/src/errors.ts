import { VxError } from "@vlm-export/ir";

/** The target's options in the recipe do not fit its schema. */
export function pluginOptions(backend: string, problems: readonly string[]): VxError {
  return new VxError(
    problems.map(
      (message) =>
        ({
          code: "VX-PLUGIN-OPTIONS",
          severity: "error",
          message: `targets.${backend}: ${message}.`,
          where: { stage: "plan", backend },
        }) as const,
    ),
  );
}

/** An object that is not a backend of this host. */
export function pluginContract(backend: string, problems: readonly string[]): VxError {
  return new VxError({
    code: "VX-PLUGIN-CONTRACT",
    severity: "error",
    message: `not a backend of API version 1: ${problems.join("; ")}.`,
    hint: "See the Backend interface of @vlm-export/backend-api, and run `vlm-export backend test PATH`.",
    where: { stage: "plan", backend },
  });
}

/** A program that a target needs is not there. */
export function toolAbsent(file: string, cause: unknown): VxError {
  return new VxError(
    {
      code: "VX-TOOL-ABSENT",
      severity: "error",
      message: `program ${JSON.stringify(file)} was not found.`,
      hint: "Run `vlm-export doctor` to see what is missing and how to get it.",
      where: { stage: "check" },
    },
    { cause, kind: "tool" },
  );
}

/** A program ended with an error. */
export function toolFailed(file: string, detail: string, cause: unknown): VxError {
  return new VxError(
    { code: "VX-TOOL-FAILED", severity: "error", message: `program ${JSON.stringify(file)} failed: ${detail}`, where: { stage: "check" } },
    { cause, kind: "tool" },
  );
}

/** A program did not end in time. */
export function toolTimeout(file: string, timeoutMs: number, cause: unknown): VxError {
  return new VxError(
    {
      code: "VX-TOOL-TIMEOUT",
      severity: "error",
      message: `program ${JSON.stringify(file)} did not end within ${timeoutMs} ms and was stopped.`,
      where: { stage: "check" },
    },
    { cause, kind: "tool" },
  );
}
