import type { GraphEditor, Node, Pass } from "@vlm-export/ir";
import { normParts } from "./norm-parts.js";
import { expandAll, standIn } from "./stand-in.js";

/**
 * LayerNormalization → its formula in operators of opset 13, half precision by way of f32; the inverse of normalize/fuse-layer-norm.
 * Norms over extents that are not known stay.
 */
export const expandLayerNorm: Pass = {
  name: "legalize/expand-layer-norm",
  run: (edit) => expandAll(edit, "LayerNormalization", expand),
};

function expand(edit: GraphEditor, node: Node): boolean {
  const [input, scale, bias] = node.inputs;
  const [output, meanOutput, inverseOutput] = node.outputs;
  const parts = input && normParts(standIn(edit, node), node, input);
  if (!input || !scale || !parts) return false;
  const { write, x } = parts;
  const mean = parts.mean(x);
  const centred = write.op("Sub", [x, mean]);
  const root = parts.rootMeanSquare(centred);
  const scaled = write.op("Mul", [parts.castLike(write.op("Div", [centred, root]), input), scale]);
  write.replace(output, bias ? write.op("Add", [scaled, bias]) : scaled);
  write.replace(meanOutput, mean);
  if (inverseOutput) write.replace(inverseOutput, write.op("Reciprocal", [root]));
  return true;
}
