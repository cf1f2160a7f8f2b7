import { ATTRIBUTE_TYPES } from "./attribute-types.js";
import {
  annotationField,
  encodeMessage,
  entriesField,
  functionHeader,
  longField,
  modelHeader,
  textField,
  typeField,
  valueInfoField,
} from "./encode-small.js";
import { type PlaceTensor, placeInline, rangePayload, sparseTensorParts, tensorParts } from "./encode-tensor.js";
import type { OnnxAttribute, OnnxFunction, OnnxGraph, OnnxModel, OnnxNode, OnnxSubgraph } from "./model.js";
import { concatenated, fieldParts, type Parts, partsOf, payloadParts } from "./parts.js";
import { graphTensors } from "./tensors-of.js";

/** A ModelProto whose initializers go where `place` says. */
export function modelParts(model: OnnxModel, place: PlaceTensor): Parts {
  return concatenated([
    partsOf(modelHeader(model)),
    fieldParts(7, graphParts(model.graph, place)),
    ...model.trainingInfo.map((raw) => fieldParts(20, payloadParts(rangePayload("training_info", raw)))),
    ...model.functions.map((body) => fieldParts(25, functionParts(body))),
    ...model.configurations.map((raw) => fieldParts(26, payloadParts(rangePayload("configuration", raw)))),
  ]);
}

function graphParts(graph: OnnxGraph, place: PlaceTensor): Parts {
  const nodes = graph.nodes.map((node) => fieldParts(1, nodeParts(node, place)));
  const initializers = graph.initializers.map((tensor) => fieldParts(5, tensorParts(tensor, place)));
  const sparse = graph.sparseInitializers.map((tensor) => fieldParts(15, sparseTensorParts(tensor)));
  const rest = encodeMessage("GraphProto", {
    name: textField(graph.name),
    docString: textField(graph.docString),
    input: graph.inputs.map(valueInfoField),
    output: graph.outputs.map(valueInfoField),
    valueInfo: graph.valueInfo.map(valueInfoField),
    quantizationAnnotation: graph.quantization.map(annotationField),
    metadataProps: entriesField(graph.metadata),
  });
  return concatenated([...nodes, partsOf(rest), ...initializers, ...sparse]);
}

function functionParts(body: OnnxFunction): Parts {
  return concatenated([
    partsOf(functionHeader(body)),
    ...body.nodes.map((node) => fieldParts(7, nodeParts(node, placeInline))),
    ...body.attributeDefaults.map((attribute) => fieldParts(11, attributeParts(attribute, placeInline))),
  ]);
}

function nodeParts(node: OnnxNode, place: PlaceTensor): Parts {
  const header = encodeMessage("NodeProto", {
    input: node.inputs,
    output: node.outputs,
    name: textField(node.name),
    opType: node.opType,
    docString: textField(node.docString),
    domain: textField(node.domain),
    overload: textField(node.overload),
    metadataProps: entriesField(node.metadata),
  });
  return concatenated([
    partsOf(header),
    ...node.attributes.map((attribute) => fieldParts(5, attributeParts(attribute, place))),
    ...node.deviceConfigurations.map((raw) => fieldParts(10, payloadParts(rangePayload(node.name, raw)))),
  ]);
}

/** An AttributeProto whose graphs put their initializers where `place` says. */
export function attributeParts(attribute: OnnxAttribute, place: PlaceTensor): Parts {
  const type = attribute.kind === "reference" ? attribute.type : ATTRIBUTE_TYPES[attribute.kind];
  const header = { name: attribute.name, docString: textField(attribute.docString), type };
  const scalars = partsOf(encodeMessage("AttributeProto", { ...header, ...scalarField(attribute) }));
  return concatenated([scalars, ...messageFields(attribute, place)]);
}

function scalarField(attribute: OnnxAttribute): object {
  switch (attribute.kind) {
    case "float":
      return { f: attribute.value };
    case "int":
      return { i: longField(attribute.value) };
    case "string":
      return { s: attribute.value };
    case "floats":
      return { floats: attribute.value };
    case "ints":
      return { ints: attribute.value.map(longField) };
    case "strings":
      return { strings: attribute.value };
    case "type":
      return { tp: typeField(attribute.value) };
    case "types":
      return { typeProtos: attribute.value.map(typeField) };
    case "reference":
      return { refAttrName: attribute.value };
    default:
      return {};
  }
}

/** Tensors of attributes stay inline: not every runtime looks for external data there. */
function messageFields(attribute: OnnxAttribute, place: PlaceTensor): readonly Parts[] {
  switch (attribute.kind) {
    case "tensor":
      return [fieldParts(5, tensorParts(attribute.value, placeInline))];
    case "graph":
      return [fieldParts(6, subgraphParts(attribute.value, place))];
    case "tensors":
      return attribute.value.map((tensor) => fieldParts(10, tensorParts(tensor, placeInline)));
    case "graphs":
      return attribute.value.map((graph) => fieldParts(11, subgraphParts(graph, place)));
    case "sparse-tensor":
      return [fieldParts(22, sparseTensorParts(attribute.value))];
    case "sparse-tensors":
      return attribute.value.map((tensor) => fieldParts(23, sparseTensorParts(tensor)));
    default:
      return [];
  }
}

/** The bytes it was read from, unless they point to external data of the model that it came from. */
function subgraphParts({ graph, raw }: OnnxSubgraph, place: PlaceTensor): Parts {
  const isWhole = [...graphTensors(graph)].every(({ data }) => data.kind !== "external");
  return raw !== undefined && isWhole ? payloadParts(rangePayload(graph.name, raw)) : graphParts(graph, place);
}
