import type { OpDef, TensorData } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import type { EvaluateCall } from "../op-call.js";
import { bigintsOf, isIntegerType, numbersOf, tensorOf, tensorOfBigints } from "../small-tensor.js";

/** ONNX Clip. */
export const clip: OpDef = onnxOp({
  name: "Clip",
  doc: "y = min(max(x, min), max); an absent bound does not bound",
  since: 11,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => [{ dtype: call.dtype(0), shape: call.shape(0) }],
  evaluate: (call) => {
    const data = call.data(0);
    if (isIntegerType(data.dtype)) {
      const [low, high] = [boundOf(call, 1, bigintsOf), boundOf(call, 2, bigintsOf)];
      return [
        tensorOfBigints(
          data.dtype,
          data.shape,
          Array.from(bigintsOf(data), (x) => clamp(x, low, high)),
        ),
      ];
    }
    const [low, high] = [boundOf(call, 1, numbersOf), boundOf(call, 2, numbersOf)];
    return [
      tensorOf(
        data.dtype,
        data.shape,
        Array.from(numbersOf(data), (x) => clamp(x, low, high)),
      ),
    ];
  },
});

function boundOf<T>(call: EvaluateCall, index: number, read: (data: TensorData) => ArrayLike<T>): T | undefined {
  const bound = call.optional(index);
  return bound && read(bound)[0];
}

function clamp<T extends number | bigint>(x: T, low: T | undefined, high: T | undefined): T {
  const raised = low !== undefined && x < low ? low : x;
  return high !== undefined && raised > high ? high : raised;
}
