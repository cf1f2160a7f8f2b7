import { cloneGraph, elementCount, type Graph, GraphEditor, type OpRegistry, staticShape, type TensorData } from "@vlm-export/ir";

/** Elements of a value, by name; undefined where they do not follow from the inputs' shapes. */
export type ValueSizes = (value: string) => number | undefined;

/** Sizes of a graph's values when its inputs have the shapes of these tensors. */
export function valueSizes(graph: Graph, tensors: ReadonlyMap<string, TensorData>, ops: OpRegistry): ValueSizes {
  const shaped = withShapes(graph, tensors, ops);
  return (name) => {
    const value = shaped.value(name);
    const shape = value && staticShape(value.type);
    return shape && elementCount(shape);
  };
}

function withShapes(graph: Graph, tensors: ReadonlyMap<string, TensorData>, ops: OpRegistry): Graph {
  if (graph.inputs.every(({ type }) => staticShape(type))) return graph;
  const edit = new GraphEditor(ops, cloneGraph(graph).graph);
  for (const input of edit.graph.inputs) {
    const shape = tensors.get(input.name)?.shape;
    if (shape) edit.retype(input, { ...input.type, shape });
  }
  edit.inferAll();
  return edit.graph;
}

/**
 * Which elements to look at so that no more than `limit` are: every so many, an odd number, so that rows whose length is a power of two are
 * looked at in every column. Undefined for all of them, also where their number is not known.
 */
export function thinned(elements: number | undefined, limit: number): number | undefined {
  if (elements === undefined || elements <= limit) return undefined;
  const every = Math.ceil(elements / limit);
  return every % 2 === 0 ? every + 1 : every;
}
