/** What nodes read and give, by whatever names their values. */
export interface Ends<N, V> {
  reads(node: N): readonly V[];
  gives(node: N): readonly V[];
}

/**
 * The nodes in an order where each of those from `first` on stands right behind the last of the nodes before `first` that it depends on, itself
 * or through others of them; the nodes before `first` keep their order. Nodes that depend on none come first of all.
 */
export function besideSources<N, V>(nodes: readonly N[], first: number, { reads, gives }: Ends<N, V>): readonly N[] {
  /** Of each value, the place of the node before `first` that it depends on last. */
  const places = new Map<V, number>();
  const behind = new Map<number, N[]>();
  for (const [i, node] of nodes.entries()) {
    const place = i < first ? i : reads(node).reduce((last, value) => Math.max(last, places.get(value) ?? -1), -1);
    for (const value of gives(node)) places.set(value, place);
    if (i < first) continue;
    const others = behind.get(place);
    if (others) others.push(node);
    else behind.set(place, [node]);
  }
  const sourced = nodes.slice(0, first).flatMap((node, i) => [node, ...(behind.get(i) ?? [])]);
  return [...(behind.get(-1) ?? []), ...sourced];
}
