import type { Node, Pass, Value } from "@vlm-export/ir";
import { staysFinite } from "./finite.js";
import { producerOf, uncast } from "./match.js";

/**
 * Where(IsNaN(s), c, s) → s for a Softmax s that no infinity can reach: exporters guard against rows in which a mask of −∞ leaves
 * nothing, also where there is no mask.
 */
export const removeNanGuard: Pass = {
  name: "normalize/remove-nan-guard",

  run(edit) {
    let modified = false;
    const known = new Map<Value, boolean>();
    for (const node of edit.graph.nodes) {
      const guarded = guardedSoftmax(node, known);
      const [output] = node.outputs;
      if (!guarded || !output) continue;
      edit.replaceAllUses(output, guarded);
      modified = true;
    }
    return { modified };
  },
};

function guardedSoftmax(node: Node, known: Map<Value, boolean>): Value | undefined {
  const [condition, , kept] = node.inputs;
  if (node.op !== "Where" || !kept || producerOf(condition, "IsNaN")?.inputs[0] !== kept) return undefined;
  const logits = producerOf(uncast(kept), "Softmax")?.inputs[0];
  const isAlike = String(node.outputs[0]?.type.shape) === String(kept.type.shape);
  return logits && isAlike && staysFinite(logits, known) ? kept : undefined;
}
