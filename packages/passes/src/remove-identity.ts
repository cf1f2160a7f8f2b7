import { type Node, type Pass, sameShape, type Value } from "@vlm-export/ir";

/** Nodes that give their input back: Identity, Cast to the same type, Dropout without training, Reshape or Expand to the same shape. */
export const removeIdentity: Pass = {
  name: "normalize/remove-identity",

  run(edit) {
    const { graph } = edit;
    let modified = false;
    for (const node of graph.nodes) {
      const [input] = node.inputs;
      const [output, ...others] = node.outputs;
      if (!input || !output || !isIdentity(node, input, output)) continue;
      const isInterface = graph.outputs.includes(output) && (!input.producer || graph.outputs.includes(input));
      if (isInterface || others.some((value) => value && graph.users(value).length > 0)) continue;
      edit.replaceAllUses(output, input);
      modified = true;
    }
    return { modified };
  },
};

function isIdentity(node: Node, input: Value, output: Value): boolean {
  switch (node.op) {
    case "Identity":
      return true;
    case "Cast":
      return input.type.dtype === output.type.dtype && input.type.dtype !== "unknown";
    case "Dropout":
      return node.inputs[2] === undefined || node.inputs[2] === null;
    case "Reshape":
    case "Expand":
    case "Tile":
      return sameShape(input.type.shape, output.type.shape) && !hasAnonymous(output);
    default:
      return false;
  }
}

/** An anonymous extent is equal only to itself, and then it came from the same place. */
function hasAnonymous(value: Value): boolean {
  return value.type.shape?.some((extent) => typeof extent === "string" && extent.startsWith("?")) ?? true;
}
