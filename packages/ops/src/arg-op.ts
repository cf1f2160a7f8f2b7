import type { OpDef } from "@vlm-export/ir";
import { axisOf, rowsAlong } from "./axis.js";
import { type OpSpec, onnxOp } from "./define-op.js";
import { bigintsOf, isIntegerType, numbersOf, tensorOf } from "./small-tensor.js";

/** An op that finds the position of one element along an axis; `beats` is strict. */
export interface ArgSpec extends Pick<OpSpec, "name" | "doc"> {
  readonly beats: (candidate: number | bigint, best: number | bigint) => boolean;
}

/** Makes ArgMax or ArgMin. */
export function argOp({ name, doc, beats }: ArgSpec): OpDef {
  return onnxOp({
    name,
    doc,
    since: 1,
    quant: "float",
    infer: (call) => {
      const shape = call.shape(0);
      const axis = shape && axisOf(name, call.int("axis"), shape.length);
      const keep = call.int("keepdims") !== 0;
      const reduced = keep ? shape?.map((extent, i) => (i === axis ? 1 : extent)) : shape?.filter((_, i) => i !== axis);
      return [{ dtype: "i64", shape: reduced }];
    },
    evaluate: (call) => {
      const data = call.data(0);
      const values: ArrayLike<number | bigint> = isIntegerType(data.dtype) ? bigintsOf(data) : numbersOf(data);
      const last = call.int("select_last_index") !== 0;
      const wins = (candidate: number | bigint, best: number | bigint): boolean => beats(candidate, best) || (last && candidate === best);
      const rows = [...rowsAlong(data.shape, axisOf(name, call.int("axis"), data.shape.length))];
      const positions = rows.map((row) =>
        row.reduce((best, at, k) => (wins(values[at] as number, values[row[best] as number] as number) ? k : best), 0),
      );
      return [tensorOf("i64", call.output().shape, positions)];
    },
  });
}
