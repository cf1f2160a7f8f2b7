import type { Pass } from "@vlm-export/ir";
import { isNear, producerOf } from "./match.js";
import { cofactor, productOf } from "./product.js";

/** x · sigmoid(1.702 · x) → vlm::QuickGelu (CLIP towers). Constant tolerance 1e-3: exporters round it. */
export const fuseQuickGelu: Pass = {
  name: "normalize/fuse-quick-gelu",

  run(edit) {
    const { graph } = edit;
    let modified = false;
    for (const node of graph.nodes) {
      const [output] = node.outputs;
      if (node.op !== "Mul" || !output || !edit.isLive(node)) continue;
      const product = productOf(output, graph);
      const x = product.factors.find((factor) => {
        const argument = producerOf(cofactor(product, factor), "Sigmoid")?.inputs[0];
        const scaled = argument && productOf(argument, graph);
        return scaled && scaled.factors.length === 1 && scaled.factors[0] === factor && isNear(scaled.constant, 1.702, 1e-3);
      });
      if (!x || !isNear(product.constant, 1, 1e-6)) continue;
      const [fused] = edit.insert("vlm::QuickGelu", [x]);
      if (fused) edit.replaceAllUses(output, fused);
      modified = true;
    }
    return { modified };
  },
};
