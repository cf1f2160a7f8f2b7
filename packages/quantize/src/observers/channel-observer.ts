import type { ChannelStatistics } from "../statistics.js";

/** Collects the largest magnitude and the mean at each index of one axis. */
export class ChannelObserver {
  private absmax: Float32Array = new Float32Array(0);
  private meanSum: Float64Array = new Float64Array(0);
  private samples = 0;

  /** Adds the extremes and means of one sample. */
  add(min: Float32Array, max: Float32Array, mean: Float32Array): void {
    if (this.samples === 0) {
      this.absmax = new Float32Array(min.length);
      this.meanSum = new Float64Array(min.length);
    }
    this.absmax = this.absmax.map((value, i) => Math.max(value, -(min[i] as number), max[i] as number));
    this.meanSum = this.meanSum.map((sum, i) => sum + (mean[i] as number));
    this.samples += 1;
  }

  result(): ChannelStatistics {
    return { absmax: this.absmax, mean: Float32Array.from(this.meanSum, (sum) => sum / Math.max(this.samples, 1)) };
  }
}
