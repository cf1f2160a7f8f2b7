import type { Dim, OpDef } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { opValue } from "../errors.js";
import { checkRank, vectorLength } from "../extents.js";
import type { InferCall, Shape } from "../op-call.js";

/** ONNX AffineGrid. */
export const affineGrid: OpDef = onnxOp({
  name: "AffineGrid",
  doc: "sampling positions of an image of the given size after the affine maps `theta`",
  since: 20,
  quant: "float",
  infer: (call) => {
    checkRank("AffineGrid", "theta", call.shape(0), 3);
    return [{ dtype: call.dtype(0), shape: gridShape(call) }];
  },
});

function gridShape(call: InferCall): Shape {
  const size = call.elements(1);
  const rank = size?.length ?? vectorLength(call.shape(1));
  if (rank === undefined) return undefined;
  if (rank !== 4 && rank !== 5) throw opValue("AffineGrid", "the number of extents of size", rank, "4 or 5");
  if (!size) return [...call.freshShape(rank - 1), rank - 2];
  const [samples, , ...spatial] = size as readonly [Dim, Dim, ...Dim[]];
  return [samples, ...spatial, rank - 2];
}
