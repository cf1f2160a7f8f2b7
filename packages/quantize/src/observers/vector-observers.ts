/** Collects the mean at each index of one axis. */
export class MeanObserver {
  private sums: Float64Array | undefined;
  private samples = 0;

  /** Adds the means of one sample. */
  add(mean: Float32Array): void {
    const sums = (this.sums ??= new Float64Array(mean.length));
    for (let i = 0; i < sums.length; i += 1) sums[i] = (sums[i] as number) + (mean[i] as number);
    this.samples += 1;
  }

  result(): Float32Array {
    return Float32Array.from(this.sums ?? [], (sum) => sum / this.samples);
  }
}

/** Collects the largest magnitude at each index of one axis. */
export class MaximumObserver {
  private absmax: Float32Array | undefined;

  /** Adds the extremes of one sample. */
  add(min: Float32Array, max: Float32Array): void {
    const absmax = (this.absmax ??= new Float32Array(min.length));
    for (let i = 0; i < absmax.length; i += 1) absmax[i] = Math.max(absmax[i] as number, -(min[i] as number), max[i] as number);
  }

  result(): Float32Array {
    return this.absmax ?? new Float32Array(0);
  }
}
