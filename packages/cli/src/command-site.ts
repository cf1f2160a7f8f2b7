import type { Output } from "./output.js";

/** What every command gets. */
export interface CommandSite {
  readonly output: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** What the process ends with when the command does not throw. */
  exitCode: number;
}
