import type { Node, Pass } from "@vlm-export/ir";
import { uncast } from "./match.js";
import { meanSquareOf, type NormCore, rootQuotients } from "./norm-match.js";
import { fuseNorm } from "./norm-rewrite.js";

/**
 * x / √(mean(x²) + ε) · γ over trailing axes → RMSNormalization (arXiv 1910.07467). γ is optional; models of half precision may cast to
 * f32 for the norm and back, before or after γ.
 */
export const fuseRmsNorm: Pass = {
  name: "normalize/fuse-rms-norm",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      const core = matchRmsNorm(node);
      if (core) modified = fuseNorm(edit, "RMSNormalization", node, core) || modified;
    }
    return { modified };
  },
};

function matchRmsNorm(node: Node): NormCore | undefined {
  for (const [x, radicand] of rootQuotients(node)) {
    const core = meanSquareOf(radicand);
    if (core && uncast(core.x) === uncast(x)) return { ...core, x };
  }
  return undefined;
}
