import type { EventEmitter } from "node:events";
import type { VxError } from "@vlm-export/ir";
import { cliStray, cliUnfinished } from "./errors.js";
import type { RunningPlugin } from "./command-site.js";
import { EXIT } from "./exit-codes.js";

/** The process, as far as code of a plugin can end it under a command. */
type WatchedProcess = Pick<EventEmitter, "on" | "off"> & {
  exit(code?: number | string | null): never;
  exitCode?: number | string | null | undefined;
};

/** What is watched, and which plugin runs in it meanwhile. */
export interface WatchedSite {
  readonly running?: RunningPlugin;
  readonly host?: WatchedProcess;
}

/** A watch over what ends the process, or should, while a command runs. */
export interface ProcessWatch {
  /** Aborted by the given signal, and by the first mishap: the command then removes its temporary files. */
  readonly signal: AbortSignal;
  /** The first mishap that was no error of the command itself. */
  mishap(): VxError | undefined;
  /** The command has returned. */
  end(): void;
}

/**
 * Watches for what code that a command calls can do outside of the promise that the command awaits: errors that nothing catches, a promise
 * that never settles, and `process.exit`, which throws meanwhile. Where the process ends before the command, its code is 70 and `died`,
 * which has no time but for synchronous work, is told why.
 */
export function watchProcess(signal: AbortSignal, died: (why: VxError) => void, site: WatchedSite = {}): ProcessWatch {
  const { running, host = process } = site;
  const abort = new AbortController();
  let first: VxError | undefined;
  const happened = (mishap: VxError): void => {
    first ??= mishap;
    abort.abort(new DOMException("interrupted", "AbortError"));
  };
  const listeners = {
    uncaughtException: (error: unknown) => happened(cliStray(error, running?.backend)),
    unhandledRejection: (reason: unknown) => happened(cliStray(reason, running?.backend)),
    beforeExit: () => happened(cliUnfinished()),
    exit: () => {
      host.exitCode = EXIT.bug;
      died(first ?? cliUnfinished());
    },
  };
  for (const [event, listener] of Object.entries(listeners)) host.on(event, listener);
  const before = host.exit;
  host.exit = (code) => {
    throw new Error(`process.exit(${code ?? ""}) was called; only the command itself ends the process.`);
  };
  return {
    signal: AbortSignal.any([signal, abort.signal]),
    mishap: () => first,
    end() {
      for (const [event, listener] of Object.entries(listeners)) host.off(event, listener);
      host.exit = before;
    },
  };
}
