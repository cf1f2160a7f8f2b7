import { elementCount } from "@vlm-export/ir";
import type { Windows } from "./conv-shape.js";
import { type Tap, tapsOf } from "./window-walk.js";

/** Operands of one convolution as numbers: x [N, C, D…], w [M, C/group, k…], out [N, M, …]. */
export interface Convolution {
  readonly x: ArrayLike<number>;
  readonly w: ArrayLike<number>;
  readonly xShape: readonly number[];
  readonly wShape: readonly number[];
  readonly outShape: readonly number[];
  readonly windows: Windows;
  readonly group: number;
}

/** y[n, m, p] = Σ over c, k of x[n, c, p · stride − pad + k · dilation] · w[m, c, k]; the padding counts as 0. */
export function convolve({ x, w, xShape, wShape, outShape, windows, group }: Convolution): Float64Array {
  const [inputs, outputs, perGroup] = [xShape[1] as number, outShape[1] as number, wShape[1] as number];
  const [inSize, outSize, kernelSize] = [xShape, outShape, wShape].map((shape) => elementCount(shape.slice(2))) as [number, number, number];
  const out = new Float64Array(elementCount(outShape));
  const sumOver = (taps: readonly Tap[], xStart: number, wStart: number): number => {
    let sum = 0;
    for (const { kernel, input } of taps) if (input >= 0) sum += (x[xStart + input] as number) * (w[wStart + kernel] as number);
    return sum;
  };
  let position = 0;
  for (const taps of tapsOf({ windows, input: xShape.slice(2), output: outShape.slice(2) })) {
    for (let plane = 0; plane < (outShape[0] as number) * outputs; plane += 1) {
      const [n, m] = [Math.floor(plane / outputs), plane % outputs];
      const first = Math.floor(m / (outputs / group)) * perGroup;
      let sum = 0;
      for (let c = 0; c < perGroup; c += 1) sum += sumOver(taps, (n * inputs + first + c) * inSize, (m * perGroup + c) * kernelSize);
      out[plane * outSize + position] = sum;
    }
    position += 1;
  }
  return out;
}
