import type { Dim, OpDef } from "@vlm-export/ir";
import type { AttributeReader } from "../attributes.js";
import { onnxOp } from "../define-op.js";
import { opAttribute } from "../errors.js";
import { stridedIndices, stridesOf, take } from "../take.js";

/** ONNX Transpose. */
export const transpose: OpDef = onnxOp({
  name: "Transpose",
  doc: "output axis i is input axis perm[i]; by default the axes are reversed",
  since: 1,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = call.shape(0);
    return [{ dtype: call.dtype(0), shape: shape && permutation(call, shape.length).map((axis) => shape[axis] as Dim) }];
  },
  elements: (call) => (call.shape(0) && (call.shape(0)?.length ?? 2) <= 1 ? call.elements(0) : undefined),
  evaluate: (call) => {
    const data = call.data(0);
    const strides = stridesOf(data.shape);
    const order = permutation(call, data.shape.length).map((axis) => strides[axis] as number);
    const { shape } = call.output();
    return [take(data, shape, stridedIndices(shape, order))];
  },
});

function permutation(call: AttributeReader, rank: number): readonly number[] {
  const identity = Array.from({ length: rank }, (_, i) => i);
  const perm = call.numbers("perm");
  if (!perm) return identity.toReversed();
  if (perm.length !== rank || identity.some((axis) => !perm.includes(axis)))
    throw opAttribute("Transpose", "perm", `[${perm.join(", ")}]`, `a permutation of the ${rank} axes of the input`);
  return perm;
}
