/** Multiplies element i of a tensor by `values[⌊(start + i) / run⌋ mod values.length]`: `run` is how many neighbours share one. */
export interface Factors {
  readonly values: Float32Array;
  readonly run: number;
  /** Index of the first element in the tensor that it is a part of. */
  readonly start: number;
}

/** Multiplies the elements in place. */
export function multiply(x: Float32Array, { values, run, start }: Factors): void {
  let k = Math.floor(start / run) % values.length;
  for (let i = 0, next = run - (start % run); i < x.length; next += run) {
    const factor = values[k] as number;
    for (const end = Math.min(next, x.length); i < end; i += 1) x[i] = (x[i] as number) * factor;
    k = k + 1 < values.length ? k + 1 : 0;
  }
}
