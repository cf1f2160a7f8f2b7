import type { OpDef } from "@vlm-export/ir";
import { commonDtype } from "../binary.js";
import { broadcastIndices, broadcastOnto } from "../broadcast.js";
import { onnxOp } from "../define-op.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX PRelu. */
export const pRelu: OpDef = onnxOp({
  name: "PRelu",
  doc: "y = x where x ≥ 0, slope · x elsewhere; slope broadcasts onto x",
  since: 7,
  quant: "compute",
  quantizable: ["activation", "activation"],
  infer: (call) => [{ dtype: commonDtype(call), shape: broadcastOnto(call, call.shape(0), call.shape(1)) }],
  evaluate: (call) => {
    const { dtype, shape } = call.output();
    const slopes = numbersOf(call.data(1));
    const indices = broadcastIndices(call.data(1).shape, shape);
    const values = Array.from(numbersOf(call.data(0)), (x, k) => (x >= 0 ? x : x * (slopes[indices[k] as number] as number)));
    return [tensorOf(dtype, shape, values)];
  },
});
