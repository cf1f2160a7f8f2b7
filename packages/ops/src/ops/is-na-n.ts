import type { OpDef } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { boolTensor, numbersOf } from "../small-tensor.js";

/** ONNX IsNaN. */
export const isNotANumber: OpDef = onnxOp({
  name: "IsNaN",
  doc: "y = x is not a number",
  since: 9,
  quant: "float",
  infer: (call) => [{ dtype: "bool", shape: call.shape(0) }],
  evaluate: (call) => {
    const data = call.data(0);
    return [
      boolTensor(
        data.shape,
        Array.from(numbersOf(data), (x) => Number.isNaN(x)),
      ),
    ];
  },
});
