import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Tinypool } from "tinypool";
import { WORKER_URL } from "../asset-urls.js";
import { createKernels } from "../create-kernels.js";
import type { GroupRanges, QParams, Quantized, QuantizedWeights, ScaleSpec } from "../kernels.js";
import { NumericsError } from "../numerics-error.js";
import type { QuantView } from "../view.js";
import { groupRanges, quantize, quantizeWeights } from "./divide.js";
import { runTask } from "./run-task.js";
import { createSharedMemory } from "./shared-memory.js";
import type { FileRange, FloatSource, RunTask, TaskResults } from "./tasks.js";
import type { Answer } from "./worker.js";

/** How many threads a pool has. */
export interface PoolOptions {
  /** Worker threads; 0 runs every task on the calling thread. */
  readonly threads: number;
}

/**
 * Kernels on worker threads. Results have the same bits as {@link Kernels} gives, whatever the number of threads. Tensors are divided
 * into windows of at most 8 MiB. Promises reject with {@link NumericsError}: as the kernels throw it, VX-QUANT-SHORT-FILE or
 * VX-QUANT-UNREADABLE-FILE.
 */
export interface KernelPool {
  /** Worker threads; 0 when tasks run on the calling thread. */
  readonly threads: number;
  groupRanges(source: FloatSource, view: QuantView): Promise<GroupRanges>;
  quantize(source: FloatSource, q: QParams): Promise<Quantized>;
  quantizeWeights(source: FloatSource, spec: ScaleSpec): Promise<QuantizedWeights>;
  /** Lower-case hex SHA-256 of a byte range. */
  sha256(range: FileRange): Promise<string>;
  /** Ends all threads; tasks under way are lost. */
  close(): Promise<void>;
}

/**
 * A pool of `threads` workers, which start with the first task. Close it when done: the threads would keep the process alive. Where
 * the built worker file is missing (the package runs from TypeScript sources), tasks run on the calling thread and `threads` is 0.
 */
export function createPool({ threads }: PoolOptions): KernelPool {
  const threaded = threads > 0 && existsSync(fileURLToPath(WORKER_URL));
  const { run, close } = threaded ? runOnThreads(WORKER_URL, threads) : runHere();
  const kernels = createKernels();
  const host = { run, kernels, memory: createSharedMemory(), concurrency: threaded ? threads * 2 : 1 };
  return {
    threads: threaded ? threads : 0,
    groupRanges: (source, view) => groupRanges(host, source, view),
    quantize: (source, q) => quantize(host, source, q),
    quantizeWeights: (source, spec) => quantizeWeights(host, source, spec),
    sha256: (range) => run({ kind: "sha256", range }),
    close,
  };
}

interface Runner {
  readonly run: RunTask;
  close(): Promise<void>;
}

function runHere(): Runner {
  const kernels = createKernels();
  return { run: async (task) => runTask(kernels, task), close: async () => undefined };
}

function runOnThreads(worker: URL, threads: number): Runner {
  const size = { minThreads: threads, maxThreads: threads };
  /** Its library too is loaded by the first task: many commands have none. */
  const start = async (): Promise<Tinypool> => {
    const { Tinypool } = await import("tinypool");
    return new Tinypool({ filename: worker.href, name: "work", runtime: "worker_threads", execArgv: [], ...size });
  };
  let pool: Promise<Tinypool> | undefined;
  const run: RunTask = async (task) => {
    pool ??= start();
    const answer = (await (await pool).run(task)) as Answer; // what worker.ts returns
    if ("error" in answer) throw new NumericsError(answer.error);
    return answer.result as TaskResults[(typeof task)["kind"]];
  };
  return { run, close: async () => (await pool)?.destroy() };
}
