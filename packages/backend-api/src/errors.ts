import type { FormatError } from "@vlm-export/formats/files";
import { type Stage, VxError } from "@vlm-export/ir";

/** An error of the operating system: it has a code and a system call. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

/** A file sink failed; its code is kept. */
export function emitSink(error: FormatError): VxError {
  const where = {
    stage: "emit",
    ...(error.path !== undefined && { file: error.path }),
    ...(error.offset !== undefined && { offset: error.offset }),
  } as const;
  return new VxError(
    { code: error.code, severity: "error", message: error.message, ...(error.hint !== undefined && { hint: error.hint }), where },
    { cause: error },
  );
}

/** Writing failed: disk full, no permission, I/O error. */
export function emitWrite(path: string, cause: NodeJS.ErrnoException): VxError {
  const isFull = cause.code === "ENOSPC" || cause.code === "EDQUOT";
  const hint = isFull
    ? "Free disk space or choose another --out; nothing was left behind."
    : "Check that the folder exists and is writable; nothing was left behind.";
  return new VxError(
    {
      code: "VX-EMIT-WRITE",
      severity: "error",
      message: `cannot write ${path}: ${cause.message}.`,
      hint,
      where: { stage: "emit", file: path },
    },
    { cause },
  );
}

/** The stage in which a hook or a method of a session runs, where it has another name. */
const STAGES: ReadonlyMap<string, Stage> = new Map<string, Stage>([
  ["probe", "check"],
  ["legalize", "legalize"],
  ["partition", "partition"],
  ["lower", "lower"],
  ["emit", "emit"],
]);

const PLUGIN_BUG = "This is a bug of the plugin; other targets are not affected.";

/** A hook of a plugin, or a method of its session, threw something that is not a coded error. */
export function pluginCrash(backend: string, hook: string, cause: unknown): VxError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new VxError(
    {
      code: "VX-PLUGIN-CRASH",
      severity: "error",
      message: `hook ${hook} threw: ${text}`,
      hint: PLUGIN_BUG,
      where: { stage: STAGES.get(hook) ?? "verify", backend },
    },
    { cause },
  );
}

/** A hook threw a coded error that nobody could print. */
export function pluginError(
  backend: string,
  hook: string,
  { problem, cause }: { readonly problem: string; readonly cause: VxError },
): VxError {
  return new VxError(
    {
      code: "VX-PLUGIN-CRASH",
      severity: "error",
      message: `hook ${hook} threw a VxError that is not whole: ${problem}.`,
      hint: PLUGIN_BUG,
      where: { stage: STAGES.get(hook) ?? "verify", backend },
    },
    { cause },
  );
}

/** `context.report` was given something that no report can hold. */
export function pluginFinding(backend: string, problem: string): VxError {
  return new VxError({
    code: "VX-PLUGIN-CRASH",
    severity: "error",
    message: `context.report was given no finding: ${problem}.`,
    hint: PLUGIN_BUG,
    where: { stage: "emit", backend },
  });
}

/** A hook resolved to something that the contract does not allow. */
export function pluginResult(backend: string, hook: string, problem: string): VxError {
  return new VxError({
    code: "VX-PLUGIN-CRASH",
    severity: "error",
    message: `hook ${hook} gave no result of the contract: ${problem}.`,
    hint: PLUGIN_BUG,
    where: { stage: STAGES.get(hook) ?? "verify", backend },
  });
}

/** A hook that neither ends nor does anything that the host sees. */
export function pluginTimeout(backend: string, hook: string, idleMs: number): VxError {
  return new VxError({
    code: "VX-PLUGIN-TIMEOUT",
    severity: "error",
    message: `hook ${hook} made no progress for ${idleMs / 1000} s and was given up.`,
    hint: `${PLUGIN_BUG} Programs run with context.exec, and files written through the host, count as progress.`,
    where: { stage: STAGES.get(hook) ?? "verify", backend },
  });
}

/** A hook asked for a file after its target had ended: it had been given up. */
export function pluginLate(backend: string, path: string): VxError {
  return new VxError({
    code: "VX-PLUGIN-TIMEOUT",
    severity: "error",
    message: `file ${JSON.stringify(path)} was asked for after the target had ended.`,
    hint: "This is a bug of the plugin: a hook awaits all that it starts.",
    where: { stage: "emit", backend },
  });
}

/** A value that emit lists and that is not in the graph, or one that it lists twice: it would be compared with nothing, or with one of two. */
export function pluginListed(backend: string, named: { readonly component: string; readonly value: string }, problem: string): VxError {
  const { component, value } = named;
  return new VxError(
    {
      code: "VX-PLUGIN-LISTED",
      severity: "error",
      message: `emit ${problem}: value ${JSON.stringify(value)} of component ${JSON.stringify(component)}.`,
      hint: `${PLUGIN_BUG} Each value of the graph is listed under its own name, once.`,
      where: { stage: "emit", backend, component, value },
    },
    { kind: "verify" },
  );
}

/** Quantized values that neither the tensors nor the losses of an artifact name, so that nobody could prove them later. */
export function pluginUnlisted(backend: string, values: readonly { readonly component: string; readonly value: string }[]): VxError {
  const [first] = values;
  const others = values.length > 1 ? ` and ${values.length - 1} more` : "";
  return new VxError(
    {
      code: "VX-PLUGIN-UNLISTED",
      severity: "error",
      message: `emit lists neither where value ${JSON.stringify(first?.value)}${others} lies nor that it is lost.`,
      hint: "This is a bug of the plugin: each quantized value of the graph is in `tensors` or in `losses` of what emit returns.",
      where: { stage: "emit", backend, ...first },
    },
    { kind: "verify" },
  );
}

/** A plugin asked for a file outside its artifact's folder, twice, or after emit. */
export function pluginFilePath(backend: string, path: string, problem: string): VxError {
  return new VxError(
    {
      code: "VX-PLUGIN-FILE-PATH",
      severity: "error",
      message: `file path ${JSON.stringify(path)} ${problem}.`,
      hint: PLUGIN_BUG,
      where: { stage: "emit", backend },
    },
    { kind: "verify" },
  );
}

/** The folder of an artifact does not hold what went through `context.createFile`. */
export function pluginFiles(backend: string, problem: string): VxError {
  return new VxError(
    {
      code: "VX-PLUGIN-FILES",
      severity: "error",
      message: `the artifact's files are not those written and closed through context.createFile: ${problem}.`,
      hint: PLUGIN_BUG,
      where: { stage: "emit", backend },
    },
    { kind: "verify" },
  );
}

/** What is wrong with one option, and the option that was meant by a word that is none. */
export interface OptionProblem {
  readonly message: string;
  readonly meant?: string;
}

/** The target's options in the recipe do not fit its schema. */
export function pluginOptions(backend: string, problems: readonly OptionProblem[], known: readonly string[]): VxError {
  const options = known.length > 0 ? `Options of this target: ${known.join(", ")}.` : "This target has no options.";
  return new VxError(
    problems.map(
      ({ message, meant }) =>
        ({
          code: "VX-PLUGIN-OPTIONS",
          severity: "error",
          message: `targets.${backend}: ${message}.`,
          hint: meant === undefined ? options : `Did you mean ${JSON.stringify(meant)}? ${options}`,
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
    {
      code: "VX-TOOL-FAILED",
      severity: "error",
      message: `program ${JSON.stringify(file)} failed: ${detail}`,
      hint: "Run it by hand with the same arguments to see all that it prints.",
      where: { stage: "check" },
    },
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
      hint: "Run it by hand to see whether it hangs; the plugin sets the time limit.",
      where: { stage: "check" },
    },
    { cause, kind: "tool" },
  );
}

/** Files of an artifact that a decoder cannot take: for plugins that have no errors of their own. */
export function decodeMalformed(backend: string, cause: unknown): VxError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new VxError(
    {
      code: "VX-DECODE-MALFORMED",
      severity: "error",
      message: `the artifact does not decode: ${text}.`,
      hint: "It is damaged or was changed after it was written; build it again.",
      where: { stage: "verify", backend },
    },
    { cause, kind: "verify" },
  );
}
