/** Mean and variance (divided by n) of the elements at `indices`. */
export function momentsOf(values: ArrayLike<number>, indices: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = indices.reduce((sum, i) => sum + (values[i] as number), 0) / indices.length;
  const variance = indices.reduce((sum, i) => sum + ((values[i] as number) - mean) ** 2, 0) / indices.length;
  return { mean, variance };
}

/** Flat indices of `count` neighbours from `start` on. */
export function span(start: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => start + i);
}

/** Scale and bias of one element of a channel-wise normalization. */
export interface Affine {
  readonly scale: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
  /** Index into scale and bias for the element at flat index `i`. */
  readonly channel: (i: number) => number;
}

/** y = (x − mean) / √(variance + epsilon) · scale + bias, with mean and variance of each group of elements. */
export function normalizeGroups(
  values: ArrayLike<number>,
  groups: Iterable<readonly number[]>,
  epsilon: number,
  { scale, bias, channel }: Affine,
): Float64Array {
  const out = new Float64Array(values.length);
  for (const group of groups) {
    const { mean, variance } = momentsOf(values, group);
    const inverse = 1 / Math.sqrt(variance + epsilon);
    for (const i of group) out[i] = ((values[i] as number) - mean) * inverse * (scale[channel(i)] as number) + (bias[channel(i)] as number);
  }
  return out;
}
