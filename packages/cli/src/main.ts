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

/** runCommand reports all that happens once it is loaded. Where files are too scarce to load it, no package says so either. */
function failedStart(error: unknown, argv: readonly string[]): number {
  if (!(error instanceof Error && "code" in error && error.code === "EMFILE")) throw error;
  const message = `a limit of the system is reached, too many files are open: ${error.message}.`;
  const hint = "Allow more of them: ulimit -n 1024.";
  const finding = { code: "VX-TOOL-LIMIT", severity: "error", message, hint, where: { stage: "report" } };
  if (isFlagOn(argv, "json")) process.stdout.write(`${JSON.stringify({ ok: false, diagnostics: [finding] }, null, 2)}\n`);
  else process.stderr.write(`error ${finding.code}: ${message}\n  hint: ${hint}\n`);
  return 2;
}
