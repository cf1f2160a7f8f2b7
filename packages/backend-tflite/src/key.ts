/** What a tensor location's key says: which tensor of which file, and in which order its elements lie. */
export interface TensorKey {
  readonly path: string;
  /** Index in the first subgraph. */
  readonly tensor: number;
  /** Stored axis i is axis `layout[i]` of the graph's value; absent = the graph's order. */
  readonly layout?: readonly number[];
  /** The value's shape in the graph, where the tensor has another: rows of one block each. */
  readonly shape?: readonly number[];
}

/** The text form of a key: `path#tensor`, then `@layout` and `:shape`. */
export function formatKey({ path, tensor, layout, shape }: TensorKey): string {
  return `${path}#${tensor}${layout ? `@${layout.join(",")}` : ""}${shape ? `:${shape.join(",")}` : ""}`;
}

const pattern = /^([^#]+)#(\d+)(?:@(\d+(?:,\d+)*))?(?::(\d+(?:,\d+)*))?$/;

/** The key of a text, or undefined when it is none. */
export function parseKey(text: string): TensorKey | undefined {
  const [, path, tensor, layout, shape] = pattern.exec(text) ?? [];
  if (path === undefined || tensor === undefined) return undefined;
  return {
    path,
    tensor: Number(tensor),
    ...(layout !== undefined && { layout: layout.split(",").map(Number) }),
    ...(shape !== undefined && { shape: shape.split(",").map(Number) }),
  };
}
