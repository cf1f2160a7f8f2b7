import type { OpDef } from "@vlm-export/ir";
import { axisOf } from "../axis.js";
import { oneOf } from "../conv-shape.js";
import { onnxOp } from "../define-op.js";
import { checkRank } from "../extents.js";
import { elementTargets, REDUCTIONS, type Reduction, scatter } from "../scatter.js";

/** ONNX ScatterElements. */
export const scatterElements: OpDef = onnxOp({
  name: "ScatterElements",
  doc: "data with out[indices[i][j]][j] = updates[i][j] along axis 0, likewise along others; `reduction` combines with what is there",
  since: 11,
  quant: "passthrough",
  quantizable: ["activation", undefined, "activation"],
  infer: (call) => {
    const shape = call.shape(0);
    oneOf(call, "reduction", REDUCTIONS);
    if (shape) {
      axisOf("ScatterElements", call.int("axis"), shape.length);
      checkRank("ScatterElements", "indices", call.shape(1), shape.length);
      checkRank("ScatterElements", "updates", call.shape(2), shape.length);
    }
    return [{ dtype: call.dtype(0), shape }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const axis = axisOf("ScatterElements", call.int("axis"), data.shape.length);
    const targets = elementTargets("ScatterElements", data.shape, call.data(1), axis);
    return [scatter(data, call.data(2), targets, call.text("reduction") as Reduction)];
  },
});
