import type { OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { checkMinRank } from "../extents.js";
import { integersOf } from "../small-tensor.js";
import { take } from "../take.js";

/** ONNX Trilu. */
export const trilu: OpDef = onnxOp({
  name: "Trilu",
  doc: "the upper (or lower) triangle of the last two axes from diagonal k on, 0 elsewhere",
  since: 14,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    checkMinRank("Trilu", "input", call.shape(0), 2);
    return [{ dtype: call.dtype(0), shape: call.shape(0) }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const diagonal = call.optional(1);
    const k = diagonal ? (integersOf(diagonal)[0] ?? 0) : 0;
    const upper = call.int("upper") !== 0;
    const [rows, columns] = data.shape.slice(-2) as [number, number];
    const kept = (i: number): boolean => {
      const distance = (i % columns) - (Math.floor(i / columns) % rows);
      return upper ? distance >= k : distance <= k;
    };
    return [
      take(
        data,
        data.shape,
        Int32Array.from({ length: elementCount(data.shape) }, (_, i) => (kept(i) ? i : -1)),
      ),
    ];
  },
});
