import { isRead, type Node, type Pass, staticShape } from "@vlm-export/ir";
import { zeroTensor } from "@vlm-export/ops";

/**
 * BatchNormalization in training mode, of which only Y is read, reads nothing that its running mean and variance depend on: Y follows
 * from X alone. Those inputs become constants, so that what computes them is dead; two, as an engine may write the results in place.
 */
export const dropRunningStatistics: Pass = {
  name: "normalize/drop-running-statistics",

  run(edit) {
    const { graph } = edit;
    const nodes = graph.nodes.filter((node) => isTraining(node) && !node.outputs.slice(1).some((value) => value && isRead(graph, value)));
    let modified = false;
    for (const node of nodes) {
      for (const [index, value] of node.inputs.entries()) {
        const shape = index > 2 && value && !value.data ? staticShape(value.type) : undefined;
        if (!value || !shape) continue;
        edit.replaceInput(node, index, edit.addConstant(edit.freshName(`${value.name}_unread`), zeroTensor(value.type.dtype, shape)));
        modified = true;
      }
    }
    return { modified };
  },
};

function isTraining({ op, attrs }: Node): boolean {
  return op === "BatchNormalization" && attrs["training_mode"] === 1;
}
