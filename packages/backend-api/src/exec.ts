import type { ExecaError as ToolError } from "execa";
import type { VxError } from "@vlm-export/ir";
import type { ExecOptions } from "./backend.js";
import { toolAbsent, toolFailed, toolTimeout } from "./errors.js";

const DEFAULT_TIMEOUT_MS = 30 * 60_000;
const MAX_OUTPUT_BYTES = 16 << 20;
/** What a tool may see of the host's environment. */
const ALLOWED_ENVIRONMENT = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot", "LANG", "LC_ALL"] as const;

/** Runs a program without a shell, with an allow-listed environment, a time limit and an output cap. Throws VX-TOOL-*. */
export async function execTool(
  environment: Readonly<Record<string, string | undefined>>,
  file: string,
  args: readonly string[],
  options: ExecOptions & { readonly signal?: AbortSignal } = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const { execa, ExecaError } = await import("execa");
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  try {
    const { stdout, stderr } = await execa(file, args, {
      env: allowedEnvironment(environment),
      extendEnv: false,
      timeout: timeoutMs,
      maxBuffer: MAX_OUTPUT_BYTES,
      killSignal: "SIGKILL",
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.input !== undefined && { input: options.input }),
      ...(options.signal !== undefined && { cancelSignal: options.signal }),
    });
    return { stdout, stderr };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error instanceof ExecaError ? codedError(file, timeoutMs, error) : error;
  }
}

function allowedEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(ALLOWED_ENVIRONMENT.flatMap((key) => (environment[key] === undefined ? [] : [[key, environment[key]]])));
}

function codedError(file: string, timeoutMs: number, error: ToolError): VxError {
  if (error.code === "ENOENT") return toolAbsent(file, error);
  return error.timedOut ? toolTimeout(file, timeoutMs, error) : toolFailed(file, error.shortMessage, error);
}
