import type { Output } from "./output.js";

/** The backend whose hooks run now, if any do: an error that nothing catches meanwhile is laid to its plugin. */
export interface RunningPlugin {
  backend?: string | undefined;
}

/** What every command gets. */
export interface CommandSite {
  readonly output: Output;
  /** No progress, no warnings. */
  readonly quiet: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly running: RunningPlugin;
  /** What the process ends with when the command does not throw. */
  exitCode: number;
}
