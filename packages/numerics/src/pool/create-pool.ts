import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { WORKER_URL } from "../asset-urls.js";
import type { ErrorLayout } from "../channel-errors.js";
import { createKernels } from "../create-kernels.js";
import type { GroupRanges, Kernels, QParams, Quantized, QuantizedWeights, ScaleSpec } from "../kernels.js";
import type { QuantView } from "../view.js";
import { groupRanges, quantize } from "./divide.js";
import { channelErrors } from "./divide-errors.js";
import { quantizeWeights, quantizeWeightsToFile } from "./divide-weights.js";
import { runTask } from "./run-task.js";
import { createSharedMemory } from "./shared-memory.js";
import type { Codes, FileRange, FloatSource, WeightsFile, WeightsInFile } from "./tasks.js";
import { type Runner, runOnThreads } from "./thread-pool.js";

/** How many threads a pool has. */
export interface PoolOptions {
  /** Worker threads; 0 runs every task on the calling thread. */
  readonly threads: number;
}

/**
 * Kernels on worker threads. Results have the same bits as {@link Kernels} gives, whatever the number of threads. Tensors are divided
 * into windows of at most 8 MiB. Promises reject with {@link NumericsError}: as the kernels throw it, VX-QUANT-SHORT-FILE or
 * VX-QUANT-UNREADABLE-FILE. When a thread cannot start or is lost they reject with the error that says why.
 */
export interface KernelPool {
  /** Worker threads; 0 when tasks run on the calling thread. */
  readonly threads: number;
  /** Starts the threads, which else start with the first task, so that they are ready for it. */
  start(): void;
  groupRanges(source: FloatSource, view: QuantView): Promise<GroupRanges>;
  quantize(source: FloatSource, q: QParams): Promise<Quantized>;
  quantizeWeights(source: FloatSource, spec: ScaleSpec): Promise<QuantizedWeights>;
  /** As quantizeWeights, with codes and scales written to a file by the threads that make them. Rejects also with VX-QUANT-UNWRITABLE-FILE. */
  quantizeWeightsToFile(source: FloatSource, spec: ScaleSpec, file: WeightsFile): Promise<WeightsInFile>;
  /**
   * Σ weight · (x − x̂) for every channel of `layout` in f64, where x̂ is what the codes stand for: weights are by what a channel is
   * multiplied with. Rejects as the kernels throw.
   */
  channelErrors(source: FloatSource, quantized: QParams & { readonly codes: Codes }, layout: ErrorLayout): Promise<Float64Array>;
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
  const kernels = createKernels();
  const { start, run, close } = threaded ? runOnThreads(WORKER_URL, threads) : runHere(kernels);
  const host = { run, kernels, memory: createSharedMemory(), concurrency: threaded ? threads * 2 : 1 };
  return {
    threads: threaded ? threads : 0,
    start,
    groupRanges: (source, view) => groupRanges(host, source, view),
    quantize: (source, q) => quantize(host, source, q),
    quantizeWeights: (source, spec) => quantizeWeights(host, source, spec),
    quantizeWeightsToFile: (source, spec, file) => quantizeWeightsToFile(host, source, spec, file),
    channelErrors: (source, quantized, layout) => channelErrors(host, source, quantized, layout),
    sha256: (range) => run({ kind: "sha256", range }),
    close,
  };
}

function runHere(kernels: Kernels): Runner {
  return { start: () => undefined, run: async (task) => runTask(kernels, task), close: async () => undefined };
}
