import type { OpDef } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { asMatrix, batchOf, multiplyMatrices, REAL } from "../mat-mul-core.js";
import { matMulMacs, matMulShape } from "../mat-mul-shape.js";
import { centered } from "../quantized-operand.js";
import { tensorOf } from "../small-tensor.js";

/** ONNX MatMulInteger. */
export const matMulInteger: OpDef = onnxOp({
  name: "MatMulInteger",
  doc: "Y = (A − a_zero_point) · (B − b_zero_point) in i32; zero points per row of A and per column of B, or one for all",
  since: 10,
  quant: "float",
  infer: (call) => [{ dtype: "i32", shape: matMulShape(call, call.shape(0), call.shape(1)) }],
  evaluate: (call) => {
    const [a, b] = [call.data(0), call.data(1)];
    const [rows, columns] = [asMatrix(a.shape, "row"), asMatrix(b.shape, "column")];
    const x = { values: centered(a, call.optional(2), a.shape.length - 2), shape: rows };
    const y = { values: centered(b, call.optional(3), b.shape.length - 1), shape: columns };
    return [tensorOf("i32", call.output().shape, multiplyMatrices(x, y, batchOf(rows, columns), REAL))];
  },
  macs: (call) => matMulMacs(call, call.shape(0), call.shape(1)),
});
