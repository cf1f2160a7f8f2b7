import type { OpDef } from "@vlm-export/ir";
import { axisOf } from "../axis.js";
import { onnxOp } from "../define-op.js";
import { checkMinRank, checkRank } from "../extents.js";
import { elementTargets } from "../scatter.js";
import { take } from "../take.js";

/** ONNX GatherElements. */
export const gatherElements: OpDef = onnxOp({
  name: "GatherElements",
  doc: "out[i][j] = data[indices[i][j]][j] along axis 0, likewise along others",
  since: 11,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const [data, indices] = [call.shape(0), call.shape(1)];
    checkMinRank("GatherElements", "data", data, 1);
    if (data) axisOf("GatherElements", call.int("axis"), data.length);
    if (data) checkRank("GatherElements", "indices", indices, data.length);
    return [{ dtype: call.dtype(0), shape: indices }];
  },
  evaluate: (call) => {
    const [data, indices] = [call.data(0), call.data(1)];
    const axis = axisOf("GatherElements", call.int("axis"), data.shape.length);
    return [take(data, indices.shape, elementTargets("GatherElements", data.shape, indices, axis))];
  },
});
