import type { Dim, DType, OpDef, TensorData } from "@vlm-export/ir";
import { commonDtype } from "../binary.js";
import { onnxOp } from "../define-op.js";
import { opValue } from "../errors.js";
import type { InferCall } from "../op-call.js";
import { ceilDivideDim, subtractDims } from "../shape-math.js";
import { bigintsOf, isIntegerType, numbersOf, tensorOf, tensorOfBigints } from "../small-tensor.js";

/** ONNX Range. */
export const range: OpDef = onnxOp({
  name: "Range",
  doc: "start, start + delta, … up to, not including, limit",
  since: 11,
  quant: "float",
  infer: (call) => [{ dtype: commonDtype(call), shape: [lengthOf(call) ?? call.freshDim()] }],
  elements: (call) => {
    const count = lengthOf(call);
    const [start, delta] = [call.integers(0)?.[0], call.integers(2)?.[0]];
    if (typeof count !== "number" || count > 1024 || start === undefined || delta === undefined) return undefined;
    return Array.from({ length: count }, (_, k) => start + k * delta);
  },
  evaluate: (call) => {
    const { dtype, shape } = call.output();
    const length = shape[0] as number;
    if (isIntegerType(dtype)) {
      const [start, delta] = [first(bigintsOf(call.data(0))), first(bigintsOf(call.data(2)))];
      return [
        tensorOfBigints(
          dtype,
          shape,
          Array.from({ length }, (_, k) => start + BigInt(k) * delta),
        ),
      ];
    }
    const [start, delta] = [first(numbersOf(call.data(0))), first(numbersOf(call.data(2)))];
    return [
      tensorOf(
        dtype,
        shape,
        Array.from({ length }, (_, k) => start + k * delta),
      ),
    ];
  },
});

function lengthOf(call: InferCall): Dim | undefined {
  const [start, limit, delta] = [0, 1, 2].map((index) => scalarOf(call, index, call.dtype(index)));
  if (delta === 0) throw opValue("Range", "delta", 0, "a step other than 0");
  if (start === undefined || limit === undefined || typeof delta !== "number") return undefined;
  if (typeof start === "number" && typeof limit === "number") return countOf(start, limit, delta);
  const span = delta > 0 ? subtractDims(limit, start) : subtractDims(start, limit);
  return span === undefined || !Number.isInteger(delta) ? undefined : ceilDivideDim(span, Math.abs(delta));
}

function countOf(start: number, limit: number, delta: number): number {
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (!Number.isSafeInteger(count)) throw opValue("Range", "(limit - start) / delta", (limit - start) / delta, "a finite number");
  return count;
}

function scalarOf(call: InferCall, index: number, dtype: DType): Dim | undefined {
  const known = call.elements(index)?.[0];
  const data: TensorData | undefined = call.constant(index);
  if (known !== undefined || !data || dtype === "unknown") return known;
  return numbersOf(data)[0];
}

function first<T>(values: ArrayLike<T>): T {
  const value = values[0];
  if (value === undefined) throw opValue("Range", "the number of elements of an operand", 0, "1");
  return value;
}
