import type { Pass } from "@vlm-export/ir";

/** Removes nodes whose outputs nobody reads, and constants that nobody reads. Graph inputs stay: they are the model's contract. */
export const removeDead: Pass = {
  name: "normalize/remove-dead",

  run(edit) {
    const { graph } = edit;
    const outputs = new Set(graph.outputs);
    let modified = false;
    for (const node of graph.nodes.toReversed()) {
      if (node.outputs.some((value) => value && (outputs.has(value) || graph.users(value).length > 0))) continue;
      edit.erase(node);
      modified = true;
    }
    for (const constant of graph.constants) {
      if (outputs.has(constant) || graph.users(constant).length > 0) continue;
      edit.eraseConstant(constant);
      modified = true;
    }
    return { modified };
  },
};
