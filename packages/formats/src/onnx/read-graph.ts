import type { OnnxGraph, OnnxTensorAnnotation } from "./model.js";
import { append, NO_ENTRIES, NO_ITEMS, type ReadContext, readEntry, readMessage } from "./read-context.js";
import { readNode } from "./read-node.js";
import { readSparseTensor, readTensor } from "./read-tensor.js";
import { readValueInfo } from "./read-type.js";
import type { WireReader } from "./wire-reader.js";

type Draft = { -readonly [K in keyof OnnxGraph]: OnnxGraph[K] };

/** The GraphProto in the current field. */
export function readGraph(context: ReadContext): OnnxGraph {
  const draft: Draft = {
    name: "",
    docString: "",
    nodes: NO_ITEMS,
    initializers: NO_ITEMS,
    sparseInitializers: NO_ITEMS,
    inputs: NO_ITEMS,
    outputs: NO_ITEMS,
    valueInfo: NO_ITEMS,
    quantization: NO_ITEMS,
    metadata: NO_ENTRIES,
  };
  readMessage(context.reader, (field) => readGraphField(context, field, draft));
  return draft;
}

function readGraphField(context: ReadContext, field: number, draft: Draft): void {
  const { reader } = context;
  switch (field) {
    case 1:
      draft.nodes = append(draft.nodes, readNode(context));
      return;
    case 2:
      draft.name = reader.name();
      return;
    case 5:
      draft.initializers = append(draft.initializers, readTensor(context));
      return;
    case 10:
      draft.docString = reader.prose();
      return;
    case 11:
      draft.inputs = append(draft.inputs, readValueInfo(reader));
      return;
    case 12:
      draft.outputs = append(draft.outputs, readValueInfo(reader));
      return;
    case 13:
      draft.valueInfo = append(draft.valueInfo, readValueInfo(reader));
      return;
    default:
      return readRareField(context, field, draft);
  }
}

function readRareField(context: ReadContext, field: number, draft: Draft): void {
  const { reader } = context;
  if (field === 14) draft.quantization = append(draft.quantization, readAnnotation(reader));
  else if (field === 15) draft.sparseInitializers = append(draft.sparseInitializers, readSparseTensor(context));
  else if (field === 16) draft.metadata = readEntry(reader, draft.metadata);
}

function readAnnotation(reader: WireReader): OnnxTensorAnnotation {
  let tensorName = "";
  let parameters = NO_ENTRIES;
  readMessage(reader, (field) => {
    if (field === 1) tensorName = reader.name();
    else if (field === 2) parameters = readEntry(reader, parameters);
  });
  return { tensorName, parameters };
}
