import { elementCount } from "@vlm-export/ir";
import type { ChannelAxes } from "./channel-axes.js";

/** A weight as it was and as its integers restore it; `shape` is that of both, with the channel and the summed axis in front. */
export interface RestoredWeight {
  readonly weights: Float32Array;
  readonly restored: Float32Array;
  readonly shape: readonly number[];
}

/** Σ over the summed axes of (W − Ŵ) · E[x] for each output channel; `means` is E[x] by input channel. */
export function meanError({ weights, restored, shape }: RestoredWeight, means: Float32Array, axes: ChannelAxes): Float32Array {
  const [rows, columns] = shape as readonly [number, number];
  const run = elementCount(shape.slice(2));
  const [channels, inputs] = [shape[axes.channel] as number, shape[axes.reduce] as number];
  const meansFrom = Int32Array.from({ length: channels }, (_, out) => Math.floor((out * axes.groups) / channels) * inputs);
  const sums = new Float64Array(channels);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1) {
      const [out, input] = axes.channel === 0 ? [row, column] : [column, row];
      const begin = (row * columns + column) * run;
      const mean = means[(meansFrom[out] as number) + input] as number;
      for (let i = begin; i < begin + run; i += 1)
        sums[out] = (sums[out] as number) + ((weights[i] as number) - (restored[i] as number)) * mean;
    }
  return Float32Array.from(sums);
}
