import {
  type AttrValue,
  cloneGraph,
  definedValues,
  type Graph,
  isSubgraph,
  type Model,
  type Node,
  type TensorData,
  type TensorType,
  type Value,
  widenedTensor,
} from "@vlm-export/ir";

/** Fields of a clone, whose owner may set them. */
type Own<T> = { -readonly [K in keyof T]: T[K] };

const guards = new WeakMap<TensorData, TensorData>();

/** A clone for the hooks of one backend: what they write into its graphs, or into bytes that they read, never reaches the model. */
export function privateModel(model: Model): Model {
  return { ...model, components: new Map([...model.components].map(([name, graph]) => [name, guardGraph(cloneGraph(graph).graph)])) };
}

function guardGraph(clone: Graph): Graph {
  for (const value of [...definedValues(clone), ...clone.captures]) guardValue(value);
  for (const node of clone.nodes) guardAttrs(node);
  return clone;
}

function guardValue(value: Own<Value>): void {
  value.type = ownType(value.type);
  if (value.data) value.data = guardedTensor(value.data);
}

function ownType(type: TensorType): TensorType {
  const { shape, quant } = type;
  if (!quant) return { ...type, shape: shape && [...shape] };
  const { scale, zeroPoint } = quant;
  return {
    ...type,
    shape: shape && [...shape],
    quant: { ...quant, ...(scale && { scale: guardedTensor(scale) }), ...(zeroPoint && { zeroPoint: guardedTensor(zeroPoint) }) },
  };
}

function guardAttrs({ attrs }: Node): void {
  for (const [name, value] of Object.entries(attrs)) (attrs as Record<string, AttrValue>)[name] = guardedAttr(value);
}

function guardedAttr(value: AttrValue): AttrValue {
  if (isSubgraph(value)) return { kind: "graph", graph: guardGraph(value.graph) };
  return typeof value === "object" && "byteLength" in value ? guardedTensor(value) : value;
}

/**
 * The tensor as one whose reads are copies. One that lies in a file is so already. The same tensor gives the same result, so that what
 * values share stays shared and is hashed once.
 */
function guardedTensor(data: TensorData): TensorData {
  if (data.file) return data;
  if (data.narrow) return widenedTensor(guardedTensor(data.narrow));
  const known = guards.get(data);
  if (known) return known;
  const { dtype, shape, byteLength } = data;
  const guard: TensorData = {
    dtype,
    shape: [...shape],
    byteLength,
    bytes: (begin = 0, end = byteLength) => data.bytes(begin, end).slice(),
    // Readers that walk a tensor then copy into one window of their own instead of a new one each time.
    readInto: data.readInto ?? ((target, begin) => target.set(data.bytes(begin, begin + target.byteLength))),
  };
  guards.set(data, guard);
  return guard;
}
