import type { Dim, OpDef } from "@vlm-export/ir";
import { axesOf } from "../axis.js";
import { rankFromVector } from "../extents.js";
import { viewOp } from "../view-op.js";

/** ONNX Unsqueeze. */
export const unsqueeze: OpDef = viewOp({
  name: "Unsqueeze",
  doc: "inserts extents of 1, at `axes` of the output",
  since: 13,
  shape: (call) => {
    const shape = call.shape(0);
    const axes = call.integers(1);
    const count = axes?.length ?? rankFromVector(call.shape(1));
    if (!shape || count === undefined) return undefined;
    if (!axes) return call.freshShape(shape.length + count);
    const inserted = new Set(axesOf("Unsqueeze", axes, shape.length + count));
    const rest = shape.values();
    return Array.from({ length: shape.length + count }, (_, i) => (inserted.has(i) ? 1 : (rest.next().value as Dim)));
  },
});
