import type { Dim, OpDef } from "@vlm-export/ir";
import { axesOf } from "../axis.js";
import { opExtent } from "../errors.js";
import { vectorLength } from "../extents.js";
import type { InferCall, Shape } from "../op-call.js";
import { viewOp } from "../view-op.js";

/** ONNX Squeeze. */
export const squeeze: OpDef = viewOp({
  name: "Squeeze",
  doc: "removes the extents of 1 at `axes`, by default all",
  since: 13,
  shape: (call) => {
    const shape = call.shape(0);
    if (!call.given(1)) return shape && withoutOnes(shape);
    const axes = call.integers(1);
    if (shape && axes) return without(shape, axesOf("Squeeze", axes, shape.length));
    return unknownAxes(call, shape);
  },
});

function unknownAxes(call: InferCall, shape: Shape): Shape {
  const count = vectorLength(call.shape(1));
  return shape && count !== undefined && count <= shape.length ? call.freshShape(shape.length - count) : undefined;
}

/** Unknown when a symbol could be 1. */
function withoutOnes(shape: readonly Dim[]): Shape {
  return shape.every((extent) => typeof extent === "number") ? shape.filter((extent) => extent !== 1) : undefined;
}

function without(shape: readonly Dim[], axes: readonly number[]): readonly Dim[] {
  for (const axis of axes) {
    const extent = shape[axis] as Dim;
    if (typeof extent === "number" && extent !== 1) throw opExtent("Squeeze", `extent ${axis} of the input`, extent, "1");
  }
  return shape.filter((_, i) => !axes.includes(i));
}
