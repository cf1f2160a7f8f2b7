import type { OpDef } from "@vlm-export/ir";
import { axisOf, rowsAlong } from "../axis.js";
import { onnxOp } from "../define-op.js";
import { opValue } from "../errors.js";
import { bigintsOf, integersOf, isIntegerType, numbersOf, tensorOf, tensorOfBigints } from "../small-tensor.js";

/** ONNX CumSum. */
export const cumSum: OpDef = onnxOp({
  name: "CumSum",
  doc: "running sum along an axis; exclusive leaves the element itself out, reverse runs from the end",
  since: 11,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = call.shape(0);
    const axis = call.integers(1);
    if (axis && axis.length !== 1) throw opValue("CumSum", "the number of axes", axis.length, "1");
    if (shape && axis) axisOf("CumSum", axis[0] as number, shape.length);
    return [{ dtype: call.dtype(0), shape }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const axis = axisOf("CumSum", integersOf(call.data(1))[0] ?? 0, data.shape.length);
    const rows = [...rowsAlong(data.shape, axis)].map((row) => (call.int("reverse") ? row.toReversed() : row));
    const exclusive = call.int("exclusive") !== 0;
    if (isIntegerType(data.dtype)) {
      const values = Array.from<bigint>(bigintsOf(data) as ArrayLike<bigint>);
      return [tensorOfBigints(data.dtype, data.shape, running(values, rows, { zero: 0n, add: (a, b) => a + b, exclusive }))];
    }
    const values = Array.from(numbersOf(data));
    return [tensorOf(data.dtype, data.shape, running(values, rows, { zero: 0, add: (a, b) => a + b, exclusive }))];
  },
});

interface Sum<T> {
  readonly zero: T;
  readonly add: (a: T, b: T) => T;
  readonly exclusive: boolean;
}

function running<T>(values: readonly T[], rows: readonly (readonly number[])[], { zero, add, exclusive }: Sum<T>): T[] {
  const out = [...values];
  for (const row of rows) {
    let sum = zero;
    for (const i of row) {
      const before = sum;
      sum = add(sum, values[i] as T);
      out[i] = exclusive ? before : sum;
    }
  }
  return out;
}
