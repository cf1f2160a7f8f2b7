import type { Dim, OpDef } from "@vlm-export/ir";
import { commonDtype } from "../binary.js";
import { broadcastIndices, broadcastOnto } from "../broadcast.js";
import { onnxOp } from "../define-op.js";
import { checkRank, sameDim } from "../extents.js";
import { multiplyMatrices, REAL } from "../mat-mul-core.js";
import type { EvaluateCall, InferCall, Shape } from "../op-call.js";
import { numberOf, productOf } from "../shape-math.js";
import { numbersOf, tensorOf } from "../small-tensor.js";
import { stridedIndices } from "../take.js";

/** ONNX Gemm. A constant B is a weight, C a bias. */
export const gemm: OpDef = onnxOp({
  name: "Gemm",
  doc: "Y = alpha · A' · B' + beta · C, where ' transposes if transA, transB say so; C broadcasts",
  since: 7,
  quant: "compute",
  quantizable: ["activation", "weight", "bias"],
  infer: (call) => {
    const [a, b] = [operand(call, 0), operand(call, 1)];
    if (a && b) sameDim("Gemm", a[1], b[0], ["the extent of B that is summed over", "that of A"]);
    const shape: Shape = [a?.[0] ?? call.freshDim(), b?.[1] ?? call.freshDim()];
    broadcastOnto(call, shape, call.shape(2));
    return [{ dtype: commonDtype(call), shape }];
  },
  evaluate: (call) => {
    const { dtype, shape } = call.output();
    const [alpha, beta] = [call.float("alpha"), call.float("beta")];
    const product = multiplyMatrices(matrix(call, 0, "transA"), matrix(call, 1, "transB"), [], REAL);
    const c = call.optional(2);
    const bias = c && numbersOf(c);
    const indices = c && broadcastIndices(c.shape, shape);
    return [
      tensorOf(
        dtype,
        shape,
        product.map((sum, k) => alpha * sum + (bias && indices ? beta * (bias[indices[k] as number] as number) : 0)),
      ),
    ];
  },
  macs: (call) => {
    const [a, b] = [operand(call, 0), operand(call, 1)];
    return a && b ? numberOf(productOf([a[0], a[1], b[1]])) : undefined;
  },
  weightAxes: (index, call) => {
    if (index !== 1) return undefined;
    return call.int("transB") ? { channel: 0, reduce: 1 } : { channel: 1, reduce: 0 };
  },
});

/** Extents of A' or B'. */
function operand(call: InferCall, index: 0 | 1): readonly [Dim, Dim] | undefined {
  const shape = call.shape(index);
  checkRank("Gemm", index === 0 ? "A" : "B", shape, 2);
  if (!shape) return undefined;
  const [rows, columns] = shape as readonly [Dim, Dim];
  return call.int(index === 0 ? "transA" : "transB") ? [columns, rows] : [rows, columns];
}

function matrix(
  call: EvaluateCall,
  index: number,
  flag: string,
): { readonly values: ArrayLike<number>; readonly shape: readonly number[] } {
  const data = call.data(index);
  const values = numbersOf(data);
  const [rows, columns] = data.shape as readonly [number, number];
  if (!call.int(flag)) return { values, shape: data.shape };
  return { values: Array.from(stridedIndices([columns, rows], [1, columns]), (i) => values[i] as number), shape: [columns, rows] };
}
