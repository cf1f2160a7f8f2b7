import type { Pass } from "@vlm-export/ir";
import { batchNormAffine } from "./affine.js";
import { foldAffine, layerBefore } from "./fold-affine.js";

/** Conv, ConvTranspose or Gemm followed by BatchNormalization → the same op with other weights; exact up to rounding. */
export const foldBatchNorm: Pass = {
  name: "normalize/fold-batch-norm",

  run(edit) {
    let modified = false;
    for (const norm of edit.graph.nodes) {
      const affine = batchNormAffine(norm);
      const layer = affine && layerBefore(edit, norm.inputs[0], norm);
      if (layer) modified = foldAffine(edit, { layer, after: norm, affine }) || modified;
    }
    return { modified };
  },
};
