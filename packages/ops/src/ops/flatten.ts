import type { OpDef } from "@vlm-export/ir";
import { opAxis } from "../errors.js";
import { productOf } from "../shape-math.js";
import { viewOp } from "../view-op.js";

/** ONNX Flatten. */
export const flatten: OpDef = viewOp({
  name: "Flatten",
  doc: "a matrix: extents before `axis` multiplied, by those from it on",
  since: 1,
  shape: (call) => {
    const shape = call.shape(0);
    if (!shape) return call.freshShape(2);
    const given = call.int("axis");
    const axis = given < 0 ? given + shape.length : given;
    if (axis < 0 || axis > shape.length) throw opAxis("Flatten", given, shape.length);
    return [productOf(shape.slice(0, axis)) ?? call.freshDim(), productOf(shape.slice(axis)) ?? call.freshDim()];
  },
});
