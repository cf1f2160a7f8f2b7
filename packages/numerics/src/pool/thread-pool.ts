import type { Tinypool } from "tinypool";
import { NumericsError } from "../numerics-error.js";
import type { RunTask, TaskResults } from "./tasks.js";
import type { Answer } from "./worker.js";

/** What runs the tasks of a pool. */
export interface Runner {
  /** Starts the threads, which else start with the first task. */
  start(): void;
  readonly run: RunTask;
  close(): Promise<void>;
}

/**
 * Runs tasks on `threads` threads. Once a thread cannot start or an error ends it, every task that is open and every later one rejects with the
 * reason: the library would let them wait for ever.
 */
export function runOnThreads(worker: URL, threads: number): Runner {
  const waiting = new Set<(error: Error) => void>();
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const reject of waiting) reject(failure);
    waiting.clear();
  };

  let pool: Promise<Tinypool> | undefined;
  const started = (): Promise<Tinypool> => (pool ??= load(worker, threads, fail));

  const run: RunTask = async (task) => {
    const answer = await new Promise<Answer>((resolve, reject) => {
      if (failure) return reject(failure);
      waiting.add(reject);
      const end = (): void => void waiting.delete(reject);
      started()
        .then((running) => running.run(task) as Promise<Answer>) // what worker.ts returns
        .then(resolve, reject)
        .finally(end);
    });
    if ("error" in answer) throw new NumericsError(answer.error);
    return answer.result as TaskResults[(typeof task)["kind"]];
  };

  return {
    start: () => void started().catch(fail),
    run,
    close: async () => {
      const running = await pool?.catch(() => undefined);
      if (running) await ended(running);
    },
  };
}

/**
 * Ends the threads. One that fails meanwhile has told `run` why; the library waits for each through an object that lacks the method by which
 * Node's `once` lets go of it then.
 */
async function ended(pool: Tinypool): Promise<void> {
  for (const thread of pool.threads as { removeListener?: () => void }[]) thread.removeListener ??= () => undefined;
  await pool.destroy().catch(() => undefined);
}

/** The library too is loaded only when there is a task: many commands have none. */
async function load(worker: URL, threads: number, onFailure: (error: Error) => void): Promise<Tinypool> {
  const { Tinypool } = await import("tinypool");
  /** A thread that ends a task finds the next one waiting. */
  const size = { minThreads: threads, maxThreads: threads, concurrentTasksPerWorker: 2 };
  const pool = new Tinypool({ filename: worker.href, name: "work", runtime: "worker_threads", execArgv: [], ...size });
  pool.on("error", onFailure);
  return pool;
}
