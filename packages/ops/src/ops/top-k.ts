import type { OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { axisOf, rowsAlong } from "../axis.js";
import { onnxOp } from "../define-op.js";
import { opValue } from "../errors.js";
import { bigintsOf, isIntegerType, numbersOf, tensorOf } from "../small-tensor.js";
import { take } from "../take.js";

/** ONNX TopK. Values are elements of the input and share its qparams. */
export const topK: OpDef = onnxOp({
  name: "TopK",
  doc: "the K greatest (or least) elements along `axis`, in order, and their positions; ties: the lower position first",
  since: 10,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = call.shape(0);
    const count = call.elements(1)?.[0];
    if (!shape)
      return [
        { dtype: call.dtype(0), shape },
        { dtype: "i64", shape },
      ];
    const axis = axisOf("TopK", call.int("axis"), shape.length);
    const extent = shape[axis];
    const inside = typeof count !== "number" || (count >= 0 && (typeof extent !== "number" || count <= extent));
    if (!inside) throw opValue("TopK", "K", count, `0 to ${extent}, the extent of axis ${axis}`);
    const picked = shape.map((each, i) => (i === axis ? (count ?? call.freshDim()) : each));
    return [
      { dtype: call.dtype(0), shape: picked },
      { dtype: "i64", shape: picked },
    ];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const { shape } = call.output();
    const axis = axisOf("TopK", call.int("axis"), shape.length);
    const values: ArrayLike<number | bigint> = isIntegerType(data.dtype) ? bigintsOf(data) : numbersOf(data);
    const sign = call.int("largest") ? -1 : 1;
    const flat = new Int32Array(elementCount(shape));
    const positions = new Float64Array(flat.length);
    const targets = [...rowsAlong(shape, axis)];
    [...rowsAlong(data.shape, axis)].forEach((row, r) => {
      const valueAt = (k: number): number | bigint => values[row[k] as number] as number;
      const sorted = row.map((_, k) => k).sort((a, b) => sign * compare(valueAt(a), valueAt(b)) || a - b);
      (targets[r] ?? []).forEach((to, k) => {
        flat[to] = row[sorted[k] as number] as number;
        positions[to] = sorted[k] as number;
      });
    });
    return [take(data, shape, flat), tensorOf("i64", shape, positions)];
  },
});

function compare(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
