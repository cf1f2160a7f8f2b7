import { type GraphEditor, isRead, type Node, outputsOf, type Pass, type TensorData, type Value } from "@vlm-export/ir";
import { foldedOutputs, outputBytes } from "./folded-outputs.js";
import { widenCasts } from "./widen-casts.js";

/** Results are kept in memory, whereas most of what they replace lies in a file: what exceeds this for one graph stays an operator. */
export const MAX_TOTAL_BYTES: number = 512 << 20;

/**
 * Evaluates nodes whose inputs are all constants, and shape arithmetic whose elements are all known, into constants. Casts of
 * 16-bit floats to f32 are not evaluated but widened as they are read, see `widenCasts`.
 */
export const foldConstants: Pass = {
  name: "normalize/fold-constants",

  run(edit, { ops, signal }) {
    let [modified, left] = [false, MAX_TOTAL_BYTES];
    const made = new Set<Value>();
    for (const node of edit.graph.nodes) {
      signal?.throwIfAborted();
      if (!edit.isLive(node)) continue;
      const isWidened = node.op === "Cast" && node.inputs[0] && widenCasts(edit, node.inputs[0]);
      const folded = isWidened || outputBytes(node) > left ? undefined : foldedOutputs(node, ops);
      modified ||= isWidened === true || folded !== undefined;
      if (!folded) continue;
      left -= replaceOutputs(edit, node, folded, made) - release(edit, node, made);
    }
    return { modified };
  },
};

/** Puts constants, which it adds to `made`, in place of the results; returns their bytes. */
function replaceOutputs(edit: GraphEditor, node: Node, folded: readonly TensorData[], made: Set<Value>): number {
  let bytes = 0;
  for (const [i, value] of node.outputs.entries()) {
    const data = folded[i];
    if (!value || !data) continue;
    const constant = edit.addConstant(edit.freshName(`${value.name}_folded`), data);
    edit.replaceAllUses(value, constant);
    made.add(constant);
    bytes += data.byteLength;
  }
  return bytes;
}

/**
 * Erases a folded node and the constants that only it read, so that of a chain of large constants one at a time is held. Returns
 * the bytes of those in `made`.
 */
function release(edit: GraphEditor, node: Node, made: ReadonlySet<Value>): number {
  const { graph } = edit;
  if (outputsOf(node).some((value) => isRead(graph, value))) return 0;
  edit.erase(node);
  const unread = new Set(node.inputs.filter((value): value is Value => value?.data !== undefined && !isRead(graph, value)));
  for (const constant of unread) edit.eraseConstant(constant);
  return [...unread].reduce((sum, constant) => sum + (made.has(constant) ? (constant.data?.byteLength ?? 0) : 0), 0);
}
