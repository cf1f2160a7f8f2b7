import type { Dim, OpDef } from "@vlm-export/ir";
import { i64Tensor } from "@vlm-export/ir";
import type { AttributeReader } from "../attributes.js";
import { onnxOp } from "../define-op.js";

/** ONNX Shape. */
export const shape: OpDef = onnxOp({
  name: "Shape",
  doc: "the extents of the input from axis `start` up to, not including, `end`",
  since: 1,
  quant: "float",
  infer: (call) => {
    const extents = call.shape(0);
    return [{ dtype: "i64", shape: [extents ? rangeOf(call, extents).length : call.freshDim()] }];
  },
  elements: (call) => {
    const extents = call.shape(0);
    return extents && rangeOf(call, extents);
  },
  readsElements: false,
  evaluate: (call) => [i64Tensor(rangeOf(call, call.data(0).shape))],
});

function rangeOf<T extends Dim>(call: AttributeReader, extents: readonly T[]): readonly T[] {
  const bound = (value: number): number => Math.min(Math.max(value < 0 ? value + extents.length : value, 0), extents.length);
  return extents.slice(bound(call.int("start")), bound(call.int("end", extents.length)));
}
