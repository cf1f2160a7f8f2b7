import type { FetchedTensor } from "@vlm-export/engine";
import type { Kernels, KernelPool } from "@vlm-export/numerics";
import { HISTOGRAM_BINS } from "./histogram.js";
import type { CountBins } from "./observers/histogram-observer.js";
import { wideFloatsOf } from "./weights/constant-floats.js";

/** The part of a kernel pool that counting needs. */
export type HistogramPool = Pick<KernelPool, "histogramOfGiven" | "threads">;

/** Counts one value's tensors. With a pool, a thread of it takes the tensor's buffer and counts while the engine runs the next sample. */
export class TensorCounter {
  private readonly kernels: Kernels;
  private readonly pool: HistogramPool | undefined;

  constructor({ kernels, pool }: { readonly kernels: Kernels; readonly pool?: HistogramPool }) {
    this.kernels = kernels;
    this.pool = pool && pool.threads > 0 ? pool : undefined;
  }

  /** The tensor must not be read after the result is called. */
  count(tensor: FetchedTensor): CountBins {
    const floats = wideFloatsOf(tensor, this.kernels) as Float32Array<ArrayBuffer>;
    const { pool } = this;
    if (pool) return (limit) => pool.histogramOfGiven(floats, -limit, limit, HISTOGRAM_BINS);
    return (limit) => {
      const counts = new Float64Array(HISTOGRAM_BINS);
      this.kernels.histogram(floats, -limit, limit, counts);
      return Promise.resolve(counts);
    };
  }
}
