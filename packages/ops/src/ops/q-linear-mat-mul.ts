import type { OpDef } from "@vlm-export/ir";
import { roundHalfEven } from "@vlm-export/numerics";
import { onnxOp } from "../define-op.js";
import { opNotEvaluated } from "../errors.js";
import { asMatrix, batchOf, multiplyMatrices, REAL } from "../mat-mul-core.js";
import { matMulMacs, matMulShape } from "../mat-mul-shape.js";
import { clampTo } from "../quant-groups.js";
import { centered } from "../quantized-operand.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX QLinearMatMul; only in source models. */
export const qLinearMatMul: OpDef = onnxOp({
  name: "QLinearMatMul",
  doc: "y = clamp(roundHalfEven((a − a_zero_point) · (b − b_zero_point) · a_scale · b_scale / y_scale) + y_zero_point)",
  since: 10,
  quant: "float",
  infer: (call) => [{ dtype: call.dtype(7), shape: matMulShape(call, call.shape(0), call.shape(3)) }],
  evaluate: (call) => {
    const [a, b] = [call.data(0), call.data(3)];
    const { dtype, shape } = call.output();
    if (!dtype.endsWith("i8") && !dtype.endsWith("u8")) throw opNotEvaluated("QLinearMatMul", `results of type ${dtype}`);
    const [rows, columns] = [asMatrix(a.shape, "row"), asMatrix(b.shape, "column")];
    const x = { values: centered(a, call.data(2), a.shape.length - 2), shape: rows };
    const y = { values: centered(b, call.data(5), b.shape.length - 1), shape: columns };
    const sums = multiplyMatrices(x, y, batchOf(rows, columns), REAL);
    const [sa, sb, sy, zero] = [1, 4, 6, 7].map((i) => numbersOf(call.data(i))) as [Float64Array, Float64Array, Float64Array, Float64Array];
    const [m, n] = [rows.at(-2) as number, columns.at(-1) as number];
    const pick = (list: Float64Array, at: number): number => list[list.length === 1 ? 0 : at] as number;
    const clamp = clampTo(dtype);
    const q = sums.map((sum, i) => {
      const [row, column] = [Math.floor(i / n) % m, i % n];
      return clamp(roundHalfEven((sum * pick(sa, row) * pick(sb, column)) / pick(sy, row)) + pick(zero, row));
    });
    return [tensorOf(dtype, shape, q)];
  },
  macs: (call) => matMulMacs(call, call.shape(0), call.shape(3)),
});
