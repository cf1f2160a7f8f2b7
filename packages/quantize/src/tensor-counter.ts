import type { EngineSession, FetchedTensor } from "@vlm-export/engine";
import type { Kernels } from "@vlm-export/numerics";
import type { CountBins } from "./observers/histogram-observer.js";
import { wideFloatsOf } from "./weights/constant-floats.js";

/** Counts histograms on other threads. */
export interface HistogramPool {
  /**
   * Adds the f32 elements in `buffer` to `counts`, bins over [lo, hi]. Both are taken over; the sums come back, and the buffer for
   * reuse.
   */
  countBins(
    buffer: ArrayBuffer,
    range: readonly [lo: number, hi: number],
    counts: Float64Array,
  ): Promise<{ readonly counts: Float64Array; readonly buffer: ArrayBuffer }>;
}

/** Counts one fetched tensor, on the pool when there is one, and gives its buffer back to the session. */
export function tensorCounter(
  tensor: FetchedTensor,
  session: Pick<EngineSession, "recycle">,
  { kernels, pool }: { readonly kernels: Kernels; readonly pool?: HistogramPool },
): CountBins {
  return async (limit, counts) => {
    if (pool && tensor.dtype === "f32") {
      const done = await pool.countBins(tensor.buffer, [-limit, limit], counts);
      session.recycle(done.buffer);
      return done.counts;
    }
    kernels.histogram(wideFloatsOf(tensor, kernels), -limit, limit, counts);
    session.recycle(tensor.buffer);
    return counts;
  };
}
