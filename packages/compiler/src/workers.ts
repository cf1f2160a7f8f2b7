import { availableParallelism } from "node:os";
import { elementCount, type TensorData } from "@vlm-export/ir";
import { createPool, floatsFromBytes, type FloatType, type QuantizedWeights, type ScaleSpec } from "@vlm-export/numerics";
import type { HistogramPool, WeightPool } from "@vlm-export/quantize";

/** Kernels on other threads, as calibration and weight quantization ask for them. */
export interface Workers extends HistogramPool, WeightPool {
  close(): Promise<void>;
}

/** One thread per core; they start with the first task. */
export function createWorkers(): Workers {
  let pool: ReturnType<typeof createPool> | undefined;
  const started = (): ReturnType<typeof createPool> => (pool ??= createPool({ threads: availableParallelism() }));
  return {
    async countBins(buffer, [lo, hi], counts) {
      const added = await started().histogram(new Float32Array(buffer), lo, hi, counts.length);
      for (let bin = 0; bin < counts.length; bin += 1) counts[bin] = (counts[bin] as number) + (added[bin] as number);
      return { counts, buffer };
    },
    quantizeWeights: (data, spec) => quantizeWeights(started(), data, spec),
    close: async () => pool?.close(),
  };
}

/** A weight that lies in a file is read there by the workers, in windows. */
function quantizeWeights(pool: ReturnType<typeof createPool>, data: TensorData, spec: ScaleSpec): Promise<QuantizedWeights> {
  const dtype = data.dtype as FloatType;
  const source = data.file ? { ...data.file, dtype, elementCount: elementCount(data.shape) } : floatsFromBytes(data.bytes(), dtype);
  return pool.quantizeWeights(source, spec);
}
