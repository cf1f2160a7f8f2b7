import type { OpDef, TensorData } from "@vlm-export/ir";
import { commonDtype } from "../binary.js";
import { onnxOp } from "../define-op.js";
import { asMatrix, batchOf, INTEGER, multiplyMatrices, REAL } from "../mat-mul-core.js";
import { matMulMacs, matMulShape } from "../mat-mul-shape.js";
import { bigintsOf, isIntegerType, numbersOf, tensorOf, tensorOfBigints } from "../small-tensor.js";

/** ONNX MatMul. A constant B is a weight. */
export const matMul: OpDef = onnxOp({
  name: "MatMul",
  doc: "Y = A · B over the last two axes; leading axes broadcast",
  since: 1,
  quant: "compute",
  quantizable: ["activation", "weight"],
  infer: (call) => [{ dtype: commonDtype(call), shape: matMulShape(call, call.shape(0), call.shape(1)) }],
  evaluate: (call) => [multiply(call.data(0), call.data(1), call.output())],
  macs: (call) => matMulMacs(call, call.shape(0), call.shape(1)),
  weightAxes: (index, call) => {
    const rank = call.shape(1)?.length ?? 0;
    return index === 1 && rank >= 2 ? { channel: rank - 1, reduce: rank - 2 } : undefined;
  },
});

function multiply(a: TensorData, b: TensorData, out: Pick<TensorData, "dtype" | "shape">): TensorData {
  const [rows, columns] = [asMatrix(a.shape, "row"), asMatrix(b.shape, "column")];
  const batch = batchOf(rows, columns);
  if (isIntegerType(out.dtype)) {
    const [x, y] = [bigintsOf(a) as ArrayLike<bigint>, bigintsOf(b) as ArrayLike<bigint>];
    return tensorOfBigints(
      out.dtype,
      out.shape,
      multiplyMatrices({ values: x, shape: rows }, { values: y, shape: columns }, batch, INTEGER),
    );
  }
  const [x, y] = [numbersOf(a) as ArrayLike<number>, numbersOf(b) as ArrayLike<number>];
  return tensorOf(out.dtype, out.shape, multiplyMatrices({ values: x, shape: rows }, { values: y, shape: columns }, batch, REAL));
}
