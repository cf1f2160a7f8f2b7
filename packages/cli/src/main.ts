import { VERSION } from "./version.js";

export { interruptHandler } from "./interrupts.js";

/**
 * Runs the command line `argv` (without node and script) and returns the exit code. Answers go to stdout, everything else to stderr.
 * Once `signal` is aborted the command removes its temporary files and ends with 130. What tells only the version loads nothing.
 */
export async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  if (argv.length === 1 && argv[0] === "--version") {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  const { runCommand } = await import("./run-command.js");
  return runCommand(argv, signal);
}
