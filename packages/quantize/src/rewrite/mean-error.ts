import { elementCount } from "@vlm-export/ir";
import type { ChannelAxes } from "./channel-axes.js";

/** A weight as it was and as its integers restore it; `shape` is that of both, with the channel and the summed axis in front. */
export interface RestoredWeight {
  readonly weights: Float32Array;
  readonly restored: Float32Array;
  readonly shape: readonly number[];
}

/** Σ over the summed axes of (W − Ŵ) · E[x] for each output channel; `means` is E[x] by input channel. */
export function meanError(weight: RestoredWeight, means: Float32Array, axes: ChannelAxes): Float32Array {
  return Float32Array.from(axes.channel === 0 ? sumsOfRows(weight, means, axes.groups) : sumsOfColumns(weight, means));
}

/** One output channel per row; the kernel elements of one input channel lie side by side. */
function sumsOfRows({ weights, restored, shape }: RestoredWeight, means: Float32Array, groups: number): Float64Array {
  const [channels, inputs] = shape as readonly [number, number];
  const run = elementCount(shape.slice(2));
  const sums = new Float64Array(channels);
  let i = 0;
  for (let out = 0; out < channels; out += 1) {
    const group = Math.floor((out * groups) / channels) * inputs;
    let sum = 0;
    for (let at = 0; at < inputs * run; at += 1, i += 1)
      sum += ((weights[i] as number) - (restored[i] as number)) * (means[group + Math.floor(at / run)] as number);
    sums[out] = sum;
  }
  return sums;
}

/** One output channel per column of a matrix. */
function sumsOfColumns({ weights, restored, shape }: RestoredWeight, means: Float32Array): Float64Array {
  const [inputs, channels] = shape as readonly [number, number];
  const sums = new Float64Array(channels);
  let i = 0;
  for (let input = 0; input < inputs; input += 1) {
    const mean = means[input] as number;
    for (let out = 0; out < channels; out += 1, i += 1)
      sums[out] = (sums[out] as number) + ((weights[i] as number) - (restored[i] as number)) * mean;
  }
  return sums;
}
