import type { Node, Value } from "@vlm-export/ir";

/** Why the rank of a value is not known: the node, nearest to the inputs of the graph, whose result has no known rank though all that it reads has. */
export function rankCause(value: Value): string {
  const { producer } = value;
  if (!producer) return `the rank of input "${value.name}" is not known`;
  const seen = new Set<Node>();
  let node = producer;
  for (let above: Node | undefined = node; above && !seen.has(above); above = above.inputs.find(isUnknown)?.producer) {
    seen.add(above);
    node = above;
  }
  const input = node.inputs.find(isUnknown);
  return input
    ? `the rank of input "${input.name}", from which it derives, is not known`
    : `the rank of "${value.name}" is not known: there is no shape rule for ${node.op} (node "${node.name}")`;
}

function isUnknown(value: Value | null): value is Value {
  return value !== null && value.type.shape === undefined;
}
