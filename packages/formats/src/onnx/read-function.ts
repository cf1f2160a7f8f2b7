import type { OnnxFunction, OnnxOpsetImport } from "./model.js";
import { readAttribute } from "./read-attribute.js";
import { append, NO_ENTRIES, NO_ITEMS, type ReadContext, readEntry, readMessage } from "./read-context.js";
import { readNode } from "./read-node.js";
import { readValueInfo } from "./read-type.js";
import type { WireReader } from "./wire-reader.js";

type Draft = { -readonly [K in keyof OnnxFunction]: OnnxFunction[K] };

/** The FunctionProto in the current field. */
export function readFunction(context: ReadContext): OnnxFunction {
  const draft: Draft = {
    name: "",
    domain: "",
    overload: "",
    inputs: NO_ITEMS,
    outputs: NO_ITEMS,
    attributes: NO_ITEMS,
    attributeDefaults: NO_ITEMS,
    nodes: NO_ITEMS,
    docString: "",
    opsetImports: NO_ITEMS,
    valueInfo: NO_ITEMS,
    metadata: NO_ENTRIES,
  };
  readMessage(context.reader, (field) => readFunctionField(context, field, draft));
  return draft;
}

/** The OperatorSetIdProto in the current field. */
export function readOpsetImport(reader: WireReader): OnnxOpsetImport {
  let domain = "";
  let version = 0;
  readMessage(reader, (field) => {
    if (field === 1) domain = reader.name();
    else if (field === 2) version = reader.integer("An opset version");
  });
  return { domain, version };
}

function readFunctionField(context: ReadContext, field: number, draft: Draft): void {
  const { reader } = context;
  switch (field) {
    case 4:
      draft.inputs = append(draft.inputs, reader.name());
      return;
    case 5:
      draft.outputs = append(draft.outputs, reader.name());
      return;
    case 6:
      draft.attributes = append(draft.attributes, reader.name());
      return;
    case 7:
      draft.nodes = append(draft.nodes, readNode(context));
      return;
    case 9:
      draft.opsetImports = append(draft.opsetImports, readOpsetImport(reader));
      return;
    case 11:
      draft.attributeDefaults = append(draft.attributeDefaults, readAttribute(context));
      return;
    case 12:
      draft.valueInfo = append(draft.valueInfo, readValueInfo(reader));
      return;
    default:
      return readFunctionText(reader, field, draft);
  }
}

function readFunctionText(reader: WireReader, field: number, draft: Draft): void {
  if (field === 1) draft.name = reader.name();
  else if (field === 8) draft.docString = reader.prose();
  else if (field === 10) draft.domain = reader.name();
  else if (field === 13) draft.overload = reader.name();
  else if (field === 14) draft.metadata = readEntry(reader, draft.metadata);
}
