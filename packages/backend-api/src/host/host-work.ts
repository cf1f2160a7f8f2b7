import { performance } from "node:perf_hooks";

/** How often an idle limit looks. */
const LOOKS = 20;
/** Share of the time in which the event loop of a hook at work is busy; one that waits for nothing leaves it idle. */
const BUSY = 0.1;

/** What the host does for the hooks of one target, files and programs: while it goes on, a hook that waits for it does not hang. */
export class HostWork {
  #running = 0;
  #ended = 0;

  /** Counts as work until `action` settles. */
  async during<T>(action: Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await action;
    } finally {
      this.#running -= 1;
      this.#ended += 1;
    }
  }

  /** How much has ended so far; undefined while some goes on. */
  get ended(): number | undefined {
    return this.#running > 0 ? undefined : this.#ended;
  }
}

/**
 * Calls `giveUp` once nothing has happened for `idleMs`: the host did no work and the event loop was idle. Returns what ends the watch.
 * The timer keeps the process alive: with nothing else to wait for, Node would end in the middle of the hook.
 */
export function watchIdle(idleMs: number, work: HostWork | undefined, giveUp: () => void): () => void {
  let ended = work?.ended;
  let loop = performance.eventLoopUtilization();
  let idleLooks = 0;
  const look = (): void => {
    const now = performance.eventLoopUtilization();
    const isWorking = work !== undefined && (work.ended === undefined || work.ended !== ended);
    const isIdle = !isWorking && performance.eventLoopUtilization(now, loop).utilization < BUSY;
    idleLooks = isIdle ? idleLooks + 1 : 0;
    loop = now;
    ended = work?.ended;
    if (idleLooks >= LOOKS) giveUp();
  };
  const timer = setInterval(look, idleMs / LOOKS);
  return () => clearInterval(timer);
}
