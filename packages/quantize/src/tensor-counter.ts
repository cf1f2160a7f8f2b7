import type { FetchedTensor } from "@vlm-export/engine";
import type { Kernels, KernelPool } from "@vlm-export/numerics";
import { HISTOGRAM_BINS } from "./histogram.js";
import type { CountBins } from "./observers/histogram-observer.js";
import { wideFloatsOf } from "./weights/constant-floats.js";

/** The part of a kernel pool that counting needs. */
export type HistogramPool = Pick<KernelPool, "histogramLent" | "threads">;

/**
 * Counts one value's tensors. With a pool, a thread of it has the tensor's buffer until the elements are counted; the engine runs the
 * next sample meanwhile.
 */
export class TensorCounter {
  private readonly kernels: Kernels;
  private readonly pool: HistogramPool | undefined;

  constructor({ kernels, pool }: { readonly kernels: Kernels; readonly pool?: HistogramPool }) {
    this.kernels = kernels;
    this.pool = pool && pool.threads > 0 ? pool : undefined;
  }

  /** Takes the elements of `tensor`; `recycle` gets its buffer when it is no longer read. The counts before must be there. */
  count(tensor: FetchedTensor, recycle: (buffer: ArrayBuffer) => void): CountBins {
    const floats = wideFloatsOf(tensor, this.kernels) as Float32Array<ArrayBuffer>;
    const { pool } = this;
    if (pool)
      return async (limit) => {
        const { counts, x } = await pool.histogramLent(floats, -limit, limit, HISTOGRAM_BINS);
        recycle(x.buffer);
        return counts;
      };
    return (limit) => {
      const counts = new Float64Array(HISTOGRAM_BINS);
      this.kernels.histogram(floats, -limit, limit, counts);
      recycle(tensor.buffer);
      return Promise.resolve(counts);
    };
  }
}
