import { isRead, outputsOf, type Pass } from "@vlm-export/ir";

/** Removes nodes whose outputs nobody reads, and constants that nobody reads. Graph inputs stay: they are the model's contract. */
export const removeDead: Pass = {
  name: "normalize/remove-dead",

  run(edit) {
    const { graph } = edit;
    let modified = false;
    for (const node of graph.nodes.toReversed()) {
      if (outputsOf(node).some((value) => isRead(graph, value))) continue;
      edit.erase(node);
      modified = true;
    }
    for (const constant of graph.constants) {
      if (isRead(graph, constant)) continue;
      edit.eraseConstant(constant);
      modified = true;
    }
    return { modified };
  },
};
