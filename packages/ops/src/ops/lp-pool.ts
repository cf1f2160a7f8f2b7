import type { OpDef } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { poolShape, poolWith } from "../pool-op.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX LpPool. */
export const lpPool: OpDef = onnxOp({
  name: "LpPool",
  doc: "(Σ |x|^p)^(1/p) over each window",
  since: 2,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => [{ dtype: call.dtype(0), shape: poolShape(call) }],
  evaluate: (call) => {
    const { dtype, shape } = call.output();
    const values = numbersOf(call.data(0));
    const p = call.int("p");
    return [
      tensorOf(
        dtype,
        shape,
        poolWith(call, ({ inputs }) => inputs.reduce((sum, i) => sum + Math.abs(values[i] as number) ** p, 0) ** (1 / p)),
      ),
    ];
  },
});
