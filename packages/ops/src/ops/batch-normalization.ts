import { elementCount } from "@vlm-export/ir";
import type { DType, OpDef, TensorType } from "@vlm-export/ir";
import { checkChannelVectors } from "../channel-params.js";
import { onnxOp } from "../define-op.js";
import { checkMinRank } from "../extents.js";
import type { InferCall } from "../op-call.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX BatchNormalization; scale, B, input_mean and input_var hold one element for each channel. */
export const batchNormalization: OpDef = onnxOp({
  name: "BatchNormalization",
  doc: "Y = (X − input_mean) / √(input_var + epsilon) · scale + B, channels on axis 1; in training mode with the mean and variance of X",
  since: 9,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => {
    checkMinRank("BatchNormalization", "X", call.shape(0), 1);
    checkChannelVectors(call, [
      [1, "scale"],
      [2, "B"],
      [3, "input_mean"],
      [4, "input_var"],
    ]);
    return [{ dtype: call.dtype(0), shape: call.shape(0) }, statistics(call, call.dtype(3)), statistics(call, call.dtype(4))];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const x = numbersOf(data);
    const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) => numbersOf(call.data(i))) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const channels: Channels = { count: data.shape[1] ?? 1, plane: elementCount(data.shape.slice(2)) };
    const current = call.int("training_mode") === 0 ? undefined : momentsOf(x, channels);
    const y = normalized(x, channels, { scale, bias, moments: current ?? [mean, variance], epsilon: call.float("epsilon") });
    const result = tensorOf(data.dtype, data.shape, y);
    if (!current) return [result];
    const momentum = call.float("momentum");
    const running = [mean, variance].map((before, i) =>
      before.map((value, c) => value * momentum + (current[i]?.[c] as number) * (1 - momentum)),
    );
    return [result, ...running.map((values, i) => tensorOf(call.data(3 + i).dtype, [channels.count], values))];
  },
});

/** Where the channels of a tensor lie: the element at flat index i is of channel ⌊i / plane⌋ mod count. */
interface Channels {
  readonly count: number;
  readonly plane: number;
}

interface Affine {
  readonly scale: Float64Array;
  readonly bias: Float64Array;
  readonly moments: readonly [mean: Float64Array, variance: Float64Array];
  readonly epsilon: number;
}

function normalized(
  x: Float64Array,
  { count, plane }: Channels,
  { scale, bias, moments: [mean, variance], epsilon }: Affine,
): Float64Array {
  return x.map((value, i) => {
    const c = Math.floor(i / plane) % count;
    return ((value - (mean[c] as number)) / Math.sqrt((variance[c] as number) + epsilon)) * (scale[c] as number) + (bias[c] as number);
  });
}

/** Mean and variance (divided by the number of elements) of each channel. */
function momentsOf(x: Float64Array, { count, plane }: Channels): readonly [Float64Array, Float64Array] {
  const perChannel = x.length / count;
  const mean = new Float64Array(count);
  const variance = new Float64Array(count);
  for (const [i, value] of x.entries()) mean[Math.floor(i / plane) % count]! += value / perChannel;
  for (const [i, value] of x.entries()) {
    const c = Math.floor(i / plane) % count;
    variance[c]! += (value - (mean[c] as number)) ** 2 / perChannel;
  }
  return [mean, variance];
}

function statistics(call: InferCall, dtype: DType): TensorType {
  return { dtype, shape: [call.shape(0)?.[1] ?? call.shape(3)?.[0] ?? call.freshDim()] };
}
