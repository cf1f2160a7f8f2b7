import { elementCount } from "@vlm-export/ir";
import type { OpDef } from "@vlm-export/ir";
import { checkChannelVectors } from "../channel-params.js";
import { onnxOp } from "../define-op.js";
import { opAttribute } from "../errors.js";
import { checkMinRank } from "../extents.js";
import { normalizeGroups, span } from "../normalize-groups.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX GroupNormalization; scale and bias hold one element for each channel. */
export const groupNormalization: OpDef = onnxOp({
  name: "GroupNormalization",
  doc: "y = (x − mean) / √(variance + epsilon) · scale + bias, mean and variance of num_groups groups of channels of each sample",
  since: 21,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = call.shape(0);
    checkMinRank("GroupNormalization", "X", shape, 3);
    checkChannelVectors(call, [
      [1, "scale"],
      [2, "bias"],
    ]);
    const [groups, channels] = [call.int("num_groups"), shape?.[1]];
    if (groups < 1 || (typeof channels === "number" && channels % groups !== 0))
      throw opAttribute("GroupNormalization", "num_groups", `${groups}`, `a divisor of the ${channels ?? "number of"} channels`);
    return [{ dtype: call.dtype(0), shape }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const [samples, channels] = data.shape as readonly [number, number];
    const count = call.int("num_groups");
    const plane = elementCount(data.shape.slice(2));
    const size = (channels / count) * plane;
    const groups = Array.from({ length: samples * count }, (_, i) => span(i * size, size));
    const affine = {
      scale: numbersOf(call.data(1)),
      bias: numbersOf(call.data(2)),
      channel: (i: number) => Math.floor(i / plane) % channels,
    };
    return [tensorOf(data.dtype, data.shape, normalizeGroups(numbersOf(data), groups, call.float("epsilon"), affine))];
  },
});
