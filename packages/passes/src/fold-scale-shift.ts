import type { Node, Pass } from "@vlm-export/ir";
import { batchNormAffine, scaleShiftAffine } from "./affine.js";
import { foldAffine, type Layer, layerBefore } from "./fold-affine.js";

/**
 * Conv, ConvTranspose or Gemm followed by BatchNormalization, or by Mul, Div, Add or Sub with a constant per channel, as some exporters
 * write it → the same op with other weights; exact up to rounding. One pass for all of them, so that a chain in any order is one layer.
 */
export const foldScaleShift: Pass = {
  name: "normalize/fold-scale-shift",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      for (const x of candidates(node)) {
        const layer = layerBefore(edit, x, node);
        const affine = layer && affineOf(node, layer);
        if (affine) modified = foldAffine(edit, { layer, after: node, affine }) || modified;
      }
    }
    return { modified };
  },
};

/** Operands that may be a layer's result. */
function candidates({ op, inputs }: Node): Node["inputs"] {
  if (op === "BatchNormalization") return inputs.slice(0, 1);
  return OPS.has(op) ? inputs : [];
}

const OPS: ReadonlySet<string> = new Set(["Mul", "Div", "Add", "Sub"]);

function affineOf(node: Node, layer: Layer): ReturnType<typeof scaleShiftAffine> {
  return node.op === "BatchNormalization" ? batchNormAffine(node) : scaleShiftAffine(node, layer.output, layer);
}
