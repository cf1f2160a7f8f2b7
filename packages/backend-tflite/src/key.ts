/** What a tensor location's key says: which tensor of which file, and in which order its elements lie. */
export interface TensorKey {
  readonly path: string;
  /** Index in the first subgraph. */
  readonly tensor: number;
  /** Stored axis i is axis `layout[i]` of the graph's value; absent = the graph's order. */
  readonly layout?: readonly number[];
}

/** The text form of a key. */
export function formatKey({ path, tensor, layout }: TensorKey): string {
  return [path, tensor, ...(layout ? [layout.join(",")] : [])].join("#");
}

/** The key of a text, or undefined when it is none. */
export function parseKey(text: string): TensorKey | undefined {
  const [, path, tensor, layout] = /^([^#]+)#(\d+)(?:#(\d+(?:,\d+)*))?$/.exec(text) ?? [];
  if (path === undefined || tensor === undefined) return undefined;
  return { path, tensor: Number(tensor), ...(layout !== undefined && { layout: layout.split(",").map(Number) }) };
}
