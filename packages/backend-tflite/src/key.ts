/** A tensor of the first subgraph and how it holds a value. */
export interface StoredAt {
  /** Index in the first subgraph. */
  readonly tensor: number;
  /** Stored axis i is axis `layout[i]` of the graph's value; absent = the graph's order. */
  readonly layout?: readonly number[];
  /** The value's shape in the graph, where the tensor has another: rows of one block each. */
  readonly shape?: readonly number[];
}

/** What a tensor location's key says: which tensors of which file hold the value. All of them hold the same. */
export interface TensorKey {
  readonly path: string;
  readonly places: readonly [StoredAt, ...StoredAt[]];
}

/** The text form of a key: `path#tensor`, then `@layout` and `:shape`; further tensors behind `+`. */
export function formatKey({ path, places }: TensorKey): string {
  const texts = places.map(
    ({ tensor, layout, shape }) => `${tensor}${layout ? `@${layout.join(",")}` : ""}${shape ? `:${shape.join(",")}` : ""}`,
  );
  return `${path}#${texts.join("+")}`;
}

const numbers = String.raw`\d+(?:,\d+)*`;
const placePattern = new RegExp(`^(\\d+)(?:@(${numbers}))?(?::(${numbers}))?$`);

/** The key of a text, or undefined when it is none. */
export function parseKey(text: string): TensorKey | undefined {
  const [path = "", rest = "", ...more] = text.split("#");
  const [first, ...others] = rest.split("+").map(parsePlace);
  if (path === "" || more.length > 0 || !first || others.includes(undefined)) return undefined;
  return { path, places: [first, ...others.flatMap((place) => place ?? [])] };
}

function parsePlace(text: string): StoredAt | undefined {
  const [, tensor, layout, shape] = placePattern.exec(text) ?? [];
  if (tensor === undefined) return undefined;
  return {
    tensor: Number(tensor),
    ...(layout !== undefined && { layout: layout.split(",").map(Number) }),
    ...(shape !== undefined && { shape: shape.split(",").map(Number) }),
  };
}
