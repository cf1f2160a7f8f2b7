import type { EventSink } from "@vlm-export/compiler";
import type { CommandSite } from "./command-site.js";
import { createProgress, type Progress, type ProgressMode } from "./progress.js";

/** What a command that shows its progress runs with. */
export interface Shown extends Pick<Progress, "aside"> {
  /** Shows events, and remembers whose code runs meanwhile. */
  readonly onEvent: EventSink;
}

/** Runs `action` under a display of `rows`, which is settled before its result is told or its error. */
export async function withProgress<T>(
  { quiet, running }: Pick<CommandSite, "quiet" | "running">,
  rows: readonly string[],
  action: (shown: Shown) => Promise<T>,
): Promise<T> {
  const { sink, aside, finish } = createProgress(modeFor(quiet), rows);
  const onEvent: EventSink = (event) => {
    running.backend = event.kind === "stage-end" ? undefined : event.target;
    sink(event);
  };
  try {
    const result = await action({ onEvent, aside });
    finish(false);
    return result;
  } finally {
    finish(true);
  }
}

/** A display where stderr is a terminal on which lines can be drawn over. */
function modeFor(quiet: boolean): ProgressMode {
  if (quiet) return "none";
  return process.stderr.isTTY && !process.env["CI"] && process.env["TERM"] !== "dumb" ? "live" : "lines";
}
