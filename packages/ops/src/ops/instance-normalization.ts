import { elementCount } from "@vlm-export/ir";
import type { OpDef } from "@vlm-export/ir";
import { checkChannelVectors } from "../channel-params.js";
import { onnxOp } from "../define-op.js";
import { checkMinRank } from "../extents.js";
import { normalizeGroups, span } from "../normalize-groups.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX InstanceNormalization. */
export const instanceNormalization: OpDef = onnxOp({
  name: "InstanceNormalization",
  doc: "y = (x − mean) / √(variance + epsilon) · scale + B, mean and variance of each channel of each sample",
  since: 6,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => {
    checkMinRank("InstanceNormalization", "input", call.shape(0), 3);
    checkChannelVectors(call, [
      [1, "scale"],
      [2, "B"],
    ]);
    return [{ dtype: call.dtype(0), shape: call.shape(0) }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const [samples, channels] = data.shape as readonly [number, number];
    const plane = elementCount(data.shape.slice(2));
    const groups = Array.from({ length: samples * channels }, (_, i) => span(i * plane, plane));
    const affine = {
      scale: numbersOf(call.data(1)),
      bias: numbersOf(call.data(2)),
      channel: (i: number) => Math.floor(i / plane) % channels,
    };
    return [tensorOf(data.dtype, data.shape, normalizeGroups(numbersOf(data), groups, call.float("epsilon"), affine))];
  },
});
