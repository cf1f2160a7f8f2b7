import type { Pass } from "@vlm-export/ir";
import { scaleShiftAffine } from "./affine.js";
import { foldAffine, layerBefore } from "./fold-affine.js";

/**
 * Conv, ConvTranspose or Gemm followed by Mul, Div, Add or Sub with a constant per channel, as some exporters write
 * BatchNormalization → the same op with other weights; exact up to rounding.
 */
export const foldScaleShift: Pass = {
  name: "normalize/fold-scale-shift",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      if (!OPS.has(node.op)) continue;
      for (const x of node.inputs) {
        const layer = layerBefore(edit, x, node);
        const affine = layer && scaleShiftAffine(node, layer.output, layer);
        if (affine) modified = foldAffine(edit, { layer, after: node, affine }) || modified;
      }
    }
    return { modified };
  },
};

const OPS: ReadonlySet<string> = new Set(["Mul", "Div", "Add", "Sub"]);
