import type { OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { axisOf, rowsAlong } from "./axis.js";
import { type OpSpec, onnxOp } from "./define-op.js";
import { numbersOf, tensorOf } from "./small-tensor.js";

/** An op that maps every row along `axis` to a row of the same length. */
export interface AxisSpec extends Pick<OpSpec, "name" | "doc" | "since" | "fixedRange"> {
  readonly row: (values: readonly number[]) => readonly number[];
}

/** Makes an op that works row by row. */
export function axisOp({ name, doc, since, fixedRange, row }: AxisSpec): OpDef {
  return onnxOp({
    name,
    doc,
    since,
    quant: "compute",
    quantizable: ["activation"],
    ...(fixedRange && { fixedRange }),
    infer: (call) => {
      const shape = call.shape(0);
      if (shape) axisOf(name, call.int("axis"), shape.length);
      return [{ dtype: call.dtype(0), shape }];
    },
    evaluate: (call) => {
      const data = call.data(0);
      const values = numbersOf(data);
      const out = new Float64Array(elementCount(data.shape));
      for (const indices of rowsAlong(data.shape, axisOf(name, call.int("axis"), data.shape.length))) {
        const results = row(indices.map((i) => values[i] as number));
        indices.forEach((i, k) => (out[i] = results[k] as number));
      }
      return [tensorOf(data.dtype, data.shape, out)];
    },
  });
}

/** Largest value; −∞ for none. */
export function maxOf(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}

/** Σ values; 0 for none. */
export function sumOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
