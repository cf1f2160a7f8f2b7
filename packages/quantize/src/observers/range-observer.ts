/** Collects the smallest and largest element of a value in each sample. */
export class RangeObserver {
  private readonly mins: number[] = [];
  private readonly maxs: number[] = [];

  /** Adds one sample; [+∞, −∞] of an empty tensor counts as [0, 0]. */
  add([min, max]: readonly [number, number]): void {
    const empty = min > max;
    this.mins.push(empty ? 0 : min);
    this.maxs.push(empty ? 0 : max);
  }

  result(): { readonly sampleMin: Float32Array; readonly sampleMax: Float32Array } {
    return { sampleMin: Float32Array.from(this.mins), sampleMax: Float32Array.from(this.maxs) };
  }
}
