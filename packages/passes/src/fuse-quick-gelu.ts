import type { Graph, Node, Pass, Value } from "@vlm-export/ir";
import { isNear, keepsRank, producerOf } from "./match.js";
import { cofactor, multipleOf, productOf } from "./product.js";

/** x · sigmoid(1.702 · x) → vlm::QuickGelu (CLIP towers). */
export const fuseQuickGelu: Pass = {
  name: "normalize/fuse-quick-gelu",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      const x = matchQuickGelu(node, edit.graph);
      const [output] = node.outputs;
      if (!x || !output) continue;
      const [fused] = edit.insert("vlm::QuickGelu", [x]);
      edit.replaceAllUses(output, fused as Value);
      modified = true;
    }
    return { modified };
  },
};

function matchQuickGelu(node: Node, graph: Graph): Value | undefined {
  const [output] = node.outputs;
  if (node.op !== "Mul" || !output) return undefined;
  const product = productOf(output, graph);
  if (product.constant !== 1) return undefined;
  return product.factors.find((x) => {
    const argument = producerOf(cofactor(product, x), "Sigmoid")?.inputs[0];
    return argument && keepsRank(x, output) && isNear(multipleOf(argument, x, graph) ?? 0, 1.702, x);
  });
}
