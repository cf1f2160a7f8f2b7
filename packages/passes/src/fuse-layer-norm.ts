import type { Node, Pass } from "@vlm-export/ir";
import { uncast } from "./match.js";
import { fuseFoldedNorm, matchFoldedNorm } from "./folded-norm.js";
import { centredOf, meanSquareOf, type NormCore, rootQuotients } from "./norm-match.js";
import { fuseNorm } from "./norm-rewrite.js";

/**
 * (x − mean(x)) / √(mean((x − mean(x))²) + ε) · γ + β over trailing axes → LayerNormalization (arXiv 1607.06450). γ and β are
 * optional; models of half precision may cast to f32 for the norm and back. Also as x · s + (β − mean(x) · s), s = γ / √(…), which
 * Keras writes.
 */
export const fuseLayerNorm: Pass = {
  name: "normalize/fuse-layer-norm",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      const core = matchLayerNorm(node);
      const folded = node.op === "Add" ? matchFoldedNorm(node) : undefined;
      if (core) modified = fuseNorm(edit, "LayerNormalization", node, core) || modified;
      if (folded) modified = fuseFoldedNorm(edit, node, folded) || modified;
    }
    return { modified };
  },
};

/** The division by the deviation, when it divides the same centred x whose squares were averaged; they may be computed twice. */
function matchLayerNorm(node: Node): NormCore | undefined {
  for (const [numerator, radicand] of rootQuotients(node)) {
    const centred = centredOf(numerator);
    const variance = meanSquareOf(radicand);
    const squared = variance && centredOf(variance.x);
    const isSame = squared && centred && uncast(squared.x) === uncast(centred.x);
    if (isSame && squared.axis === centred.axis && variance.axis === centred.axis) return { ...centred, epsilon: variance.epsilon };
  }
  return undefined;
}
