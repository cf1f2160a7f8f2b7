import { type Graph, isRead, type Node, type Pass, sameShape, type Value } from "@vlm-export/ir";
import { integersOf } from "./match.js";

/** Nodes that give their input back: Identity, Cast to the same type, Dropout outside training, Reshape to the same shape, …. */
export const removeIdentity: Pass = {
  name: "normalize/remove-identity",

  run(edit) {
    const { graph } = edit;
    let modified = false;
    for (const node of graph.nodes) {
      const [input] = node.inputs;
      const [output] = node.outputs;
      if (!input || !output || !RULES.get(node.op)?.(node, input, output) || isNeeded(graph, node, input)) continue;
      edit.replaceAllUses(output, input);
      modified = true;
    }
    return { modified };
  },
};

/** True when the node bears an output's name that its input cannot take, or when another of its outputs is read. */
function isNeeded(graph: Graph, { outputs: [output, ...others] }: Node, input: Value): boolean {
  const isInterface = graph.outputs.includes(output as Value) && (!input.producer || graph.outputs.includes(input));
  return isInterface || others.some((value) => value && isRead(graph, value));
}

type Rule = (node: Node, input: Value, output: Value) => boolean;

const keepsShape: Rule = (_, input, output) => sameShape(input.type.shape, output.type.shape) && !hasAnonymous(output);

const RULES: ReadonlyMap<Node["op"], Rule> = new Map<Node["op"], Rule>([
  ["Identity", () => true],
  ["Cast", (_, input, output) => input.type.dtype === output.type.dtype && input.type.dtype !== "unknown"],
  ["Dropout", (node) => !node.inputs[2] || node.inputs[2].data?.bytes()[0] === 0],
  ["Concat", (node) => node.inputs.length === 1],
  ["Transpose", (node) => Array.isArray(node.attrs["perm"]) && node.attrs["perm"].every((axis, i) => axis === i)],
  ["Slice", (node, input, output) => keepsShape(node, input, output) && isForward(node.inputs[4])],
  ["Reshape", keepsShape],
  ["Flatten", keepsShape],
  ["Expand", keepsShape],
  ["Tile", keepsShape],
]);

/** No name stands behind such an extent, so nothing but its own node says that it is the same as another. */
function hasAnonymous(value: Value): boolean {
  return value.type.shape?.some((extent) => typeof extent === "string" && extent.startsWith("?")) ?? true;
}

function isForward(steps: Value | null | undefined): boolean {
  return !steps || (integersOf(steps)?.every((step) => step > 0) ?? false);
}
