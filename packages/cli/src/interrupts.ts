/** An interrupt this long after the first one is a second wish to end; what comes sooner is one key press that several programs pass on. */
const AGAIN_AFTER_MS = 1000;

/** What the watch over signals acts on. */
export interface InterruptSite {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** Ends the process at once. */
  kill(): void;
}

/**
 * What to call at each signal that asks the process to end. The first aborts: the command removes its temporary files. A computation inside
 * an engine cannot be aborted; a second signal ends the process without waiting for it, and the next run removes what it left.
 */
export function interruptHandler(abort: AbortController, { now, kill }: InterruptSite): () => void {
  let first: number | undefined;
  return () => {
    first ??= now();
    if (now() - first >= AGAIN_AFTER_MS) kill();
    else abort.abort(new DOMException("interrupted", "AbortError"));
  };
}
