import type { FetchedTensor } from "@vlm-export/engine";
import type { Kernels, KernelPool } from "@vlm-export/numerics";
import { HISTOGRAM_BINS } from "./histogram.js";
import type { CountBins } from "./observers/histogram-observer.js";
import { wideFloatsOf } from "./weights/constant-floats.js";

/** The part of a kernel pool that counting needs. */
export type HistogramPool = Pick<KernelPool, "histogram" | "threads">;

/**
 * Counts one value's tensors. With a pool, the elements are copied into memory shared with its threads, so that the engine can have
 * its buffer back at once and run the next sample meanwhile.
 */
export class TensorCounter {
  private readonly kernels: Kernels;
  private readonly pool: HistogramPool | undefined;
  private shared = new SharedArrayBuffer(0);

  constructor({ kernels, pool }: { readonly kernels: Kernels; readonly pool?: HistogramPool }) {
    this.kernels = kernels;
    this.pool = pool && pool.threads > 0 ? pool : undefined;
  }

  /** Takes the elements of `tensor` now; `recycle` gets its buffer when it is no longer read. The counts before must be there. */
  count(tensor: FetchedTensor, recycle: (buffer: ArrayBuffer) => void): CountBins {
    const floats = wideFloatsOf(tensor, this.kernels);
    const { pool } = this;
    if (!pool) {
      return (limit) => {
        const counts = new Float64Array(HISTOGRAM_BINS);
        this.kernels.histogram(floats, -limit, limit, counts);
        recycle(tensor.buffer);
        return Promise.resolve(counts);
      };
    }
    const copy = this.copyOf(floats);
    recycle(tensor.buffer);
    return (limit) => pool.histogram(copy, -limit, limit, HISTOGRAM_BINS);
  }

  private copyOf(floats: Float32Array): Float32Array {
    if (this.shared.byteLength < floats.byteLength) this.shared = new SharedArrayBuffer(floats.byteLength);
    const copy = new Float32Array(this.shared, 0, floats.length);
    copy.set(floats);
    return copy;
  }
}
