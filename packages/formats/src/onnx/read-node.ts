import { readAttribute } from "./read-attribute.js";
import { attributeInvalid } from "./errors.js";
import type { OnnxAttribute, OnnxNode } from "./model.js";
import { append, countNode, NO_ENTRIES, NO_ITEMS, type ReadContext, readEntry, readMessage } from "./read-context.js";
import type { WireReader } from "./wire-reader.js";

type Draft = { -readonly [K in keyof OnnxNode]: OnnxNode[K] };

/** The NodeProto in the current field. */
export function readNode(context: ReadContext): OnnxNode {
  const { reader } = context;
  countNode(context);
  const at = reader.place;
  const draft: Draft = {
    name: "",
    opType: "",
    domain: "",
    overload: "",
    inputs: NO_ITEMS,
    outputs: NO_ITEMS,
    attributes: NO_ITEMS,
    docString: "",
    metadata: NO_ENTRIES,
    deviceConfigurations: NO_ITEMS,
  };
  readMessage(reader, (field) => readNodeField(context, field, draft));
  const twice = firstRepeated(draft.attributes);
  if (twice !== undefined) throw attributeInvalid(at, twice, `occurs twice in node ${JSON.stringify(draft.name.slice(0, 200))}`);
  return draft;
}

function readNodeField(context: ReadContext, field: number, draft: Draft): void {
  const { reader } = context;
  switch (field) {
    case 1:
      draft.inputs = append(draft.inputs, reader.name());
      return;
    case 2:
      draft.outputs = append(draft.outputs, reader.name());
      return;
    case 5:
      draft.attributes = append(draft.attributes, readAttribute(context));
      return;
    case 9:
      draft.metadata = readEntry(reader, draft.metadata);
      return;
    case 10:
      draft.deviceConfigurations = append(draft.deviceConfigurations, reader.content);
      return;
    default:
      return readNodeText(reader, field, draft);
  }
}

function readNodeText(reader: WireReader, field: number, draft: Draft): void {
  if (field === 3) draft.name = reader.name();
  else if (field === 4) draft.opType = reader.name();
  else if (field === 6) draft.docString = reader.prose();
  else if (field === 7) draft.domain = reader.name();
  else if (field === 8) draft.overload = reader.name();
}

function firstRepeated(attributes: readonly OnnxAttribute[]): string | undefined {
  if (attributes.length < 2) return undefined;
  const seen = new Set<string>();
  return attributes.find(({ name }) => seen.size === seen.add(name).size)?.name;
}
