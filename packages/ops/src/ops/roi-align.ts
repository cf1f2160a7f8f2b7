import type { OpDef } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { checkRank } from "../extents.js";

/** ONNX RoiAlign. */
export const roiAlign: OpDef = onnxOp({
  name: "RoiAlign",
  doc: "each region of interest of the feature map, resampled to output_height × output_width",
  since: 16,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => {
    checkRank("RoiAlign", "X", call.shape(0), 4);
    checkRank("RoiAlign", "rois", call.shape(1), 2);
    checkRank("RoiAlign", "batch_indices", call.shape(2), 1);
    const regions = call.shape(1)?.[0] ?? call.shape(2)?.[0] ?? call.freshDim();
    const channels = call.shape(0)?.[1] ?? call.freshDim();
    return [{ dtype: call.dtype(0), shape: [regions, channels, call.int("output_height"), call.int("output_width")] }];
  },
});
