import type { OpDef } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { opNotEvaluated } from "../errors.js";
import { poolShape, poolWith } from "../pool-op.js";
import { numbersOf, tensorOf } from "../small-tensor.js";
import { take } from "../take.js";

/** ONNX MaxPool. */
export const maxPool: OpDef = onnxOp({
  name: "MaxPool",
  doc: "greatest element under each window, and its flat index",
  since: 1,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = poolShape(call);
    return [
      { dtype: call.dtype(0), shape },
      { dtype: "i64", shape },
    ];
  },
  evaluate: (call) => {
    if (call.int("storage_order") === 1 && call.outputCount > 1) throw opNotEvaluated("MaxPool", "column-major indices");
    const data = call.data(0);
    const { shape } = call.output();
    const values = numbersOf(data);
    const best = poolWith(call, ({ inputs }) =>
      inputs.reduce((a, b) => ((values[b] as number) > (values[a] as number) ? b : a), inputs[0] ?? -1),
    );
    return [take(data, shape, best), tensorOf("i64", shape, best)];
  },
});
