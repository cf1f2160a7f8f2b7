import type { OpDef } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { checkRank } from "../extents.js";

/** ONNX NonMaxSuppression. */
export const nonMaxSuppression: OpDef = onnxOp({
  name: "NonMaxSuppression",
  doc: "[batch, class, box] of the boxes that remain when those that overlap a better one are left out",
  since: 10,
  quant: "float",
  infer: (call) => {
    checkRank("NonMaxSuppression", "boxes", call.shape(0), 3);
    checkRank("NonMaxSuppression", "scores", call.shape(1), 3);
    return [{ dtype: "i64", shape: [call.freshDim(), 3] }];
  },
});
