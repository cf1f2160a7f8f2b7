import type { DType, OpDef, TensorType } from "@vlm-export/ir";
import { checkChannelVectors } from "../channel-params.js";
import { onnxOp } from "../define-op.js";
import { opNotEvaluated } from "../errors.js";
import { checkMinRank } from "../extents.js";
import type { InferCall } from "../op-call.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX BatchNormalization; scale, B, input_mean and input_var hold one element for each channel. */
export const batchNormalization: OpDef = onnxOp({
  name: "BatchNormalization",
  doc: "Y = (X − input_mean) / √(input_var + epsilon) · scale + B, channels on axis 1",
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
    if (call.int("training_mode") !== 0) throw opNotEvaluated("BatchNormalization", "training");
    const data = call.data(0);
    const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) => numbersOf(call.data(i))) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const epsilon = call.float("epsilon");
    const plane = data.shape.slice(2).reduce((a, b) => a * b, 1);
    const channels = data.shape[1] ?? 1;
    const y = Array.from(numbersOf(data), (x, i) => {
      const c = Math.floor(i / plane) % channels;
      return ((x - (mean[c] as number)) / Math.sqrt((variance[c] as number) + epsilon)) * (scale[c] as number) + (bias[c] as number);
    });
    return [tensorOf(data.dtype, data.shape, y)];
  },
});

function statistics(call: InferCall, dtype: DType): TensorType {
  return { dtype, shape: [call.shape(0)?.[1] ?? call.shape(3)?.[0] ?? call.freshDim()] };
}
