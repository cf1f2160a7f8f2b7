import { isFlagOn } from "./flags.js";
import { VERSION } from "./version.js";

export { interruptHandler } from "./interrupts.js";
export { outputProblem } from "./output-errors.js";

/**
 * Runs the command line `argv` (without node and script) and returns the exit code. Answers go to stdout, everything else to stderr.
 * Once `signal` is aborted the command removes its temporary files and ends with 130. --version, whatever stands beside it, loads nothing.
 */
export async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  if (argv.includes("--version")) {
    const document = JSON.stringify({ version: VERSION }, null, 2);
    process.stdout.write(`${isFlagOn(argv, "json") ? document : VERSION}\n`);
    return 0;
  }
  try {
    const { runCommand } = await import("./run-command.js");
    return await runCommand(argv, signal);
  } catch (error) {
    return failedStart(error, argv);
  }
}

/**
 * runCommand reports all that happens once it is loaded. Where files are too scarce to load it, or the folder that the command runs in was
 * removed, no package says so either.
 */
function failedStart(error: unknown, argv: readonly string[]): number {
  const known = error instanceof Error ? startProblem(error) : undefined;
  if (known === undefined) throw error;
  const { exitCode, code, message, hint } = known;
  const finding = { code, severity: "error", message, hint, where: { stage: "report" } };
  if (isFlagOn(argv, "json")) process.stdout.write(`${JSON.stringify({ ok: false, diagnostics: [finding] }, null, 2)}\n`);
  else process.stderr.write(`error ${code}: ${message}\n  hint: ${hint}\n`);
  return exitCode;
}

interface StartProblem {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

function startProblem(error: NodeJS.ErrnoException): StartProblem | undefined {
  if (error.code === "EMFILE") {
    const message = `a limit of the system is reached, too many files are open: ${error.message}.`;
    return { exitCode: 2, code: "VX-TOOL-LIMIT", message, hint: "Allow more of them: ulimit -n 1024." };
  }
  if (error.syscall !== "uv_cwd") return undefined;
  const message = "the folder that the command runs in was removed.";
  return { exitCode: 1, code: "VX-CLI-USAGE", message, hint: "Change to a folder that is there: cd PATH." };
}
