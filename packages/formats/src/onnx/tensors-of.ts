import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxSparseTensor, OnnxTensor } from "./model.js";

/** Every tensor of a model: initializers and attributes of all graphs and functions, in the order of the file. */
export function* tensorsOf(model: OnnxModel): Generator<OnnxTensor> {
  yield* graphTensors(model.graph);
  for (const { nodes } of model.functions) yield* nodeTensors(nodes);
}

/** Every tensor of a graph and of the graphs in it. */
export function* graphTensors(graph: OnnxGraph): Generator<OnnxTensor> {
  yield* graph.initializers;
  for (const sparse of graph.sparseInitializers) yield* partsOf(sparse);
  yield* nodeTensors(graph.nodes);
}

function* nodeTensors(nodes: readonly OnnxNode[]): Generator<OnnxTensor> {
  for (const { attributes } of nodes) for (const attribute of attributes) yield* attributeTensors(attribute);
}

function* attributeTensors(attribute: OnnxAttribute): Generator<OnnxTensor> {
  switch (attribute.kind) {
    case "tensor":
      return yield attribute.value;
    case "tensors":
      return yield* attribute.value;
    case "sparse-tensor":
      return yield* partsOf(attribute.value);
    case "sparse-tensors":
      for (const sparse of attribute.value) yield* partsOf(sparse);
      return;
    case "graph":
      return yield* graphTensors(attribute.value.graph);
    case "graphs":
      for (const { graph } of attribute.value) yield* graphTensors(graph);
  }
}

function partsOf(sparse: OnnxSparseTensor): readonly OnnxTensor[] {
  return [sparse.values, sparse.indices];
}
