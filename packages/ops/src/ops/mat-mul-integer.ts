import type { OpDef, TensorData } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { asMatrix, batchOf, multiplyMatrices, REAL } from "../mat-mul-core.js";
import { matMulMacs, matMulShape } from "../mat-mul-shape.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

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
    const { shape } = call.output();
    const [k, n] = [rows.at(-1) as number, columns.at(-1) as number];
    const x = shifted(a, call.optional(2), (i) => Math.floor(i / k) % (rows.at(-2) as number));
    const y = shifted(b, call.optional(3), (i) => i % n);
    const product = multiplyMatrices({ values: x, shape: rows }, { values: y, shape: columns }, batchOf(rows, columns), REAL);
    return [tensorOf("i32", shape, product)];
  },
  macs: (call) => matMulMacs(call, call.shape(0), call.shape(1)),
});

/** Elements less their zero point; `group` is the row or column of an element. */
function shifted(data: TensorData, zeroPoint: TensorData | undefined, group: (index: number) => number): number[] {
  const zeros = zeroPoint ? Array.from(numbersOf(zeroPoint)) : [0];
  return Array.from(numbersOf(data), (q, i) => q - (zeros[zeros.length === 1 ? 0 : group(i)] ?? 0));
}
