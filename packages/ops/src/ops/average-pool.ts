import type { OpDef } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { poolShape, poolWith } from "../pool-op.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX AveragePool. */
export const averagePool: OpDef = onnxOp({
  name: "AveragePool",
  doc: "mean of the elements under each window, with the padding if count_include_pad",
  since: 7,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => [{ dtype: call.dtype(0), shape: poolShape(call) }],
  evaluate: (call) => {
    const { dtype, shape } = call.output();
    const values = numbersOf(call.data(0));
    const countPadding = call.int("count_include_pad") !== 0;
    const means = poolWith(call, ({ inputs, padding }) => {
      const sum = inputs.reduce((total, i) => total + (values[i] as number), 0);
      return sum / (inputs.length + (countPadding ? padding : 0));
    });
    return [tensorOf(dtype, shape, means)];
  },
});
