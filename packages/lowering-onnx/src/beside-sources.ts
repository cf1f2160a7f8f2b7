import type { OnnxNode } from "@vlm-export/formats/onnx";

/**
 * The nodes in an order where each of those from `first` on stands right behind the last of the nodes before `first` that it depends on, itself
 * or through others of them; the nodes before `first` keep their order. Nodes that depend on none come first of all.
 */
export function besideSources(nodes: readonly OnnxNode[], first: number): readonly OnnxNode[] {
  /** Of each value, the place of the node before `first` that it depends on last. */
  const places = new Map<string, number>();
  const behind = new Map<number, OnnxNode[]>();
  for (const [i, node] of nodes.entries()) {
    const place = i < first ? i : Math.max(-1, ...node.inputs.map((name) => places.get(name) ?? -1));
    for (const name of node.outputs) places.set(name, place);
    if (i < first) continue;
    const others = behind.get(place);
    if (others) others.push(node);
    else behind.set(place, [node]);
  }
  const sourced = nodes.slice(0, first).flatMap((node, i) => [node, ...(behind.get(i) ?? [])]);
  return [...(behind.get(-1) ?? []), ...sourced];
}
