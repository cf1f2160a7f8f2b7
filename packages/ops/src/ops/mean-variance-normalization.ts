import type { OpDef } from "@vlm-export/ir";
import { axesOf } from "../axis.js";
import { onnxOp } from "../define-op.js";
import { normalizeGroups } from "../normalize-groups.js";
import { numbersOf, tensorOf } from "../small-tensor.js";
import { stridedIndices, stridesOf } from "../take.js";

/** ONNX MeanVarianceNormalization. */
export const meanVarianceNormalization: OpDef = onnxOp({
  name: "MeanVarianceNormalization",
  doc: "y = (x − mean) / √variance, over `axes`",
  since: 9,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = call.shape(0);
    if (shape) axesOf("MeanVarianceNormalization", call.numbers("axes") ?? [], shape.length);
    return [{ dtype: call.dtype(0), shape }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const axes = axesOf("MeanVarianceNormalization", call.numbers("axes") ?? [], data.shape.length);
    const strides = stridesOf(data.shape);
    const part = (inside: boolean): Int32Array => {
      const chosen = data.shape.map((_, i) => i).filter((i) => axes.includes(i) === inside);
      return stridedIndices(
        chosen.map((i) => data.shape[i] as number),
        chosen.map((i) => strides[i] as number),
      );
    };
    const members = part(true);
    const groups = Array.from(part(false), (start) => Array.from(members, (offset) => start + offset));
    const plain = { scale: [1], bias: [0], channel: () => 0 };
    return [tensorOf(data.dtype, data.shape, normalizeGroups(numbersOf(data), groups, 1e-9, plain))];
  },
});
