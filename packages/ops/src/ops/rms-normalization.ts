import { elementCount } from "@vlm-export/ir";
import type { OpDef } from "@vlm-export/ir";
import { axisOf } from "../axis.js";
import { broadcastIndices, broadcastOnto } from "../broadcast.js";
import { onnxOp } from "../define-op.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX RMSNormalization. */
export const rmsNormalization: OpDef = onnxOp({
  name: "RMSNormalization",
  doc: "Y = X / √(mean(X²) + epsilon) · scale, the mean over the extents from `axis` on",
  since: 23,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = call.shape(0);
    if (shape) axisOf("RMSNormalization", call.int("axis"), shape.length);
    broadcastOnto(call, shape, call.shape(1));
    return [{ dtype: call.dtype(1), shape }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const { dtype, shape } = call.output();
    const size = elementCount(shape.slice(axisOf("RMSNormalization", call.int("axis"), shape.length)));
    const values = numbersOf(data);
    const roots = Array.from({ length: size === 0 ? 0 : values.length / size }, (_, row) => {
      const squares = values.slice(row * size, (row + 1) * size).reduce((sum, x) => sum + x * x, 0);
      return Math.sqrt(squares / size + call.float("epsilon"));
    });
    const scale = numbersOf(call.data(1));
    const indices = broadcastIndices(call.data(1).shape, shape);
    const y = Array.from(values, (x, i) => (x / (roots[Math.floor(i / size)] as number)) * (scale[indices[i] as number] as number));
    return [tensorOf(dtype, shape, y)];
  },
});
