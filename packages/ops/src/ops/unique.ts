import type { OpDef } from "@vlm-export/ir";
import { axisOf } from "../axis.js";
import { onnxOp } from "../define-op.js";
import { productOf } from "../shape-math.js";

/** ONNX Unique. */
export const unique: OpDef = onnxOp({
  name: "Unique",
  doc: "the distinct elements (or slices along `axis`), where each occurs first, which one each element is, and how often it occurs",
  since: 11,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = call.shape(0);
    const axis = shape && call.has("axis") ? axisOf("Unique", call.int("axis"), shape.length) : undefined;
    const count = call.freshDim();
    const values = call.has("axis") ? shape?.map((extent, i) => (i === axis ? count : extent)) : [count];
    const inverse = (axis === undefined ? shape && productOf(shape) : shape?.[axis]) ?? call.freshDim();
    return [
      { dtype: call.dtype(0), shape: values },
      { dtype: "i64", shape: [count] },
      { dtype: "i64", shape: [inverse] },
      { dtype: "i64", shape: [count] },
    ];
  },
});
