import type { OnnxDim, OnnxType, OnnxValueInfo } from "./model.js";
import { append, NO_ENTRIES, NO_ITEMS, readEntry, readMessage, requireFirst } from "./read-context.js";
import type { WireReader } from "./wire-reader.js";

type TypeValue = OnnxType extends infer T ? (T extends OnnxType ? Omit<T, "denotation"> : never) : never;

/** The ValueInfoProto in the current field. */
export function readValueInfo(reader: WireReader): OnnxValueInfo {
  let name = "";
  let type: OnnxType | undefined;
  let docString = "";
  let metadata = NO_ENTRIES;
  readMessage(reader, (field) => {
    if (field === 1) name = reader.name();
    else if (field === 2) {
      requireFirst(reader, type, "ValueInfoProto", "type");
      type = readType(reader);
    } else if (field === 3) docString = reader.prose();
    else if (field === 4) metadata = readEntry(reader, metadata);
  });
  return { name, type, docString, metadata };
}

/** The TypeProto in the current field; of several values the last counts. */
export function readType(reader: WireReader): OnnxType {
  let denotation = "";
  let value: TypeValue = { kind: "none" };
  readMessage(reader, (field) => {
    if (field === 6) denotation = reader.text();
    else value = readTypeValue(reader, field) ?? value;
  });
  return { denotation, ...value } as OnnxType; // TypeValue is OnnxType without this one field
}

function readTypeValue(reader: WireReader, field: number): TypeValue | undefined {
  switch (field) {
    case 1:
      return readTensorType(reader, "tensor");
    case 4:
      return { kind: "sequence", element: readElementType(reader) };
    case 5:
      return readMapType(reader);
    case 7:
      return readOpaqueType(reader);
    case 8:
      return readTensorType(reader, "sparse-tensor");
    case 9:
      return { kind: "optional", element: readElementType(reader) };
    default:
      return undefined;
  }
}

function readTensorType(reader: WireReader, kind: "tensor" | "sparse-tensor"): TypeValue {
  let elemType = 0;
  let shape: readonly OnnxDim[] | undefined;
  readMessage(reader, (field) => {
    if (field === 1) elemType = reader.integer("An element type");
    else if (field === 2) {
      requireFirst(reader, shape, "TypeProto.Tensor", "shape");
      shape = readShape(reader);
    }
  });
  return { kind, elemType, shape };
}

function readElementType(reader: WireReader): OnnxType | undefined {
  let element: OnnxType | undefined;
  readMessage(reader, (field) => {
    if (field !== 1) return;
    requireFirst(reader, element, "TypeProto", "elem_type");
    element = readType(reader);
  });
  return element;
}

function readMapType(reader: WireReader): TypeValue {
  let keyType = 0;
  let value: OnnxType | undefined;
  readMessage(reader, (field) => {
    if (field === 1) keyType = reader.integer("A key type");
    else if (field === 2) {
      requireFirst(reader, value, "TypeProto.Map", "value_type");
      value = readType(reader);
    }
  });
  return { kind: "map", keyType, value };
}

function readOpaqueType(reader: WireReader): TypeValue {
  let domain = "";
  let name = "";
  readMessage(reader, (field) => {
    if (field === 1) domain = reader.name();
    else if (field === 2) name = reader.name();
  });
  return { kind: "opaque", domain, name };
}

function readShape(reader: WireReader): readonly OnnxDim[] {
  let dims: readonly OnnxDim[] = NO_ITEMS;
  readMessage(reader, (field) => {
    if (field === 1) dims = append(dims, readDim(reader));
  });
  return dims;
}

function readDim(reader: WireReader): OnnxDim {
  let size: number | string | undefined;
  let denotation = "";
  readMessage(reader, (field) => {
    if (field === 1) size = reader.integer("A dimension");
    else if (field === 2) size = reader.name() || undefined;
    else if (field === 3) denotation = reader.text();
  });
  return { size, denotation };
}
