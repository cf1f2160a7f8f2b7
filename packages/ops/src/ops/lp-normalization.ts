import type { OpDef } from "@vlm-export/ir";
import { axisOf, rowsAlong } from "../axis.js";
import { onnxOp } from "../define-op.js";
import { opAttribute } from "../errors.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX LpNormalization. */
export const lpNormalization: OpDef = onnxOp({
  name: "LpNormalization",
  doc: "y = x / (Σ |x|^p)^(1/p) along `axis`; 0 where the norm is 0",
  since: 1,
  quant: "compute",
  quantizable: ["activation"],
  fixedRange: [-1, 1],
  infer: (call) => {
    const shape = call.shape(0);
    if (shape) axisOf("LpNormalization", call.int("axis"), shape.length);
    if (![1, 2].includes(call.int("p"))) throw opAttribute("LpNormalization", "p", `${call.int("p")}`, "1 or 2");
    return [{ dtype: call.dtype(0), shape }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const values = Array.from(numbersOf(data));
    const p = call.int("p");
    for (const row of rowsAlong(data.shape, axisOf("LpNormalization", call.int("axis"), data.shape.length))) {
      const norm = row.reduce((sum, i) => sum + Math.abs(values[i] as number) ** p, 0) ** (1 / p);
      for (const i of row) values[i] = norm === 0 ? 0 : (values[i] as number) / norm;
    }
    return [tensorOf(data.dtype, data.shape, values)];
  },
});
