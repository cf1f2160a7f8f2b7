import { VERSION } from "./version.js";

export { interruptHandler } from "./interrupts.js";

/**
 * Runs the command line `argv` (without node and script) and returns the exit code. Answers go to stdout, everything else to stderr.
 * Once `signal` is aborted the command removes its temporary files and ends with 130. --version, whatever stands beside it, loads nothing.
 */
export async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  if (argv.includes("--version")) {
    const document = JSON.stringify({ version: VERSION }, null, 2);
    process.stdout.write(`${argv.includes("--json") ? document : VERSION}\n`);
    return 0;
  }
  const { runCommand } = await import("./run-command.js");
  return runCommand(argv, signal);
}
