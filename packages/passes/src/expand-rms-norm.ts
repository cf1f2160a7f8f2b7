import type { GraphEditor, Node, Pass } from "@vlm-export/ir";
import { normParts } from "./norm-parts.js";
import { expandAll, standIn } from "./stand-in.js";

/**
 * RMSNormalization → its formula in operators of opset 13, half precision by way of f32; the inverse of normalize/fuse-rms-norm.
 * Norms over extents that are not known stay.
 */
export const expandRmsNorm: Pass = {
  name: "legalize/expand-rms-norm",
  run: (edit) => expandAll(edit, "RMSNormalization", expand),
};

function expand(edit: GraphEditor, node: Node): boolean {
  const [input, scale] = node.inputs;
  const parts = input && normParts(standIn(edit, node), node, input);
  if (!scale || !parts) return false;
  const { write, x } = parts;
  const normalized = write.op("Div", [x, parts.rootMeanSquare(x)]);
  write.replace(node.outputs[0], write.op("Mul", [parts.castLike(normalized, scale), scale]));
  return true;
}
