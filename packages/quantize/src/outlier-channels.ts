/** Channels of a value or weight that are far larger than the others. */
export interface OutlierReport {
  readonly node: string;
  /** The measured operand. */
  readonly value: string;
  readonly by: "activations" | "weights";
  readonly sigma: number;
  readonly channels: readonly number[];
  /** Largest magnitude among the channels found, and mean over all. */
  readonly largest: number;
  readonly mean: number;
  /** True when the channels went into a float16 part. */
  readonly split: boolean;
}

/** Indexes whose magnitude is above mean + sigma · standard deviation over all (population), in order. */
export function outlierChannels(absmax: Float32Array, sigma: number): readonly number[] {
  const { mean, deviation } = spreadOf(absmax);
  const threshold = mean + sigma * deviation;
  return [...absmax.keys()].filter((channel) => (absmax[channel] as number) > threshold);
}

/** Mean and population standard deviation; 0 and 0 for none. */
export function spreadOf(values: Float32Array): { readonly mean: number; readonly deviation: number } {
  const count = Math.max(values.length, 1);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  return { mean, deviation: Math.sqrt(variance) };
}
