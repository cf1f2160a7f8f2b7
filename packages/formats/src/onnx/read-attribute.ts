import { ATTRIBUTE_TYPES } from "./attribute-types.js";
import { attributeInvalid } from "./errors.js";
import type { OnnxAttribute, OnnxAttributeValue, OnnxSparseTensor, OnnxSubgraph, OnnxTensor, OnnxType } from "./model.js";
import { type ReadContext, readMessage, requireFirst } from "./read-context.js";
import { readSparseTensor, readTensor } from "./read-tensor.js";
import { readType } from "./read-type.js";
import type { WireReader } from "./wire-reader.js";

type ValueKind = keyof typeof ATTRIBUTE_TYPES;

const KIND_OF_TYPE: ReadonlyMap<number, ValueKind> = new Map(
  Object.entries(ATTRIBUTE_TYPES).map(([kind, code]) => [code, kind as ValueKind]), // the keys of the table
);

/** The values of an AttributeProto while it is read, each in a field of its own. */
interface Values {
  float: number;
  int: bigint;
  string: Uint8Array;
  tensor: OnnxTensor | undefined;
  graph: OnnxSubgraph | undefined;
  "sparse-tensor": OnnxSparseTensor | undefined;
  type: OnnxType | undefined;
  floats: number[];
  ints: bigint[];
  strings: Uint8Array[];
  tensors: OnnxTensor[];
  graphs: OnnxSubgraph[];
  "sparse-tensors": OnnxSparseTensor[];
  types: OnnxType[];
}

/** The AttributeProto in the current field. Throws VX-IMPORT-ONNX-ATTRIBUTE if its value is not of its type. */
export function readAttribute(context: ReadContext): OnnxAttribute {
  const { reader } = context;
  const at = reader.place;
  let name = "";
  let docString = "";
  let reference = "";
  let type = 0;
  const values = new Map<ValueKind, Values[ValueKind]>();
  readMessage(reader, (field) => {
    if (field === 1) name = reader.name();
    else if (field === 13) docString = reader.prose();
    else if (field === 20) type = reader.integer("An attribute type");
    else if (field === 21) reference = reader.name();
    else readValue(context, field, values);
  });
  if (reference !== "") return { name, docString, kind: "reference", value: reference, type };
  const kind = type === 0 ? [...values.keys()][0] : KIND_OF_TYPE.get(type);
  if (kind === undefined)
    throw attributeInvalid(at, name, type === 0 ? "has neither type nor value" : `has the unknown type ${type}; expected 1 to 14`);
  const stray = [...values.keys()].find((found) => found !== kind);
  if (stray !== undefined) throw attributeInvalid(at, name, `is of type ${kind} but has a value of type ${stray}`);
  const value = values.get(kind) ?? emptyValue(kind);
  if (value === undefined) throw attributeInvalid(at, name, `of type ${kind} has no value`);
  return { name, docString, kind, value } as OnnxAttribute; // readValue stores under each kind a value of that kind
}

/** What an absent field of this kind reads as; undefined where it must be there. */
function emptyValue(kind: ValueKind): OnnxAttributeValue["value"] | undefined {
  if (kind === "float") return 0;
  if (kind === "int") return 0n;
  if (kind === "string") return new Uint8Array(0);
  return kind.endsWith("s") ? [] : undefined;
}

function readValue(context: ReadContext, field: number, values: Map<ValueKind, Values[ValueKind]>): void {
  const { reader } = context;
  switch (field) {
    case 2:
      values.set("float", reader.float());
      return;
    case 3:
      values.set("int", reader.int64());
      return;
    case 4:
      values.set("string", reader.bytes());
      return;
    case 7:
      return reader.floats(listOf<number>(values, "floats"));
    case 8:
      return reader.int64s(listOf<bigint>(values, "ints"));
    case 9:
      listOf<Uint8Array>(values, "strings").push(reader.bytes());
      return;
    default:
      return readMessageValue(context, field, values);
  }
}

function readMessageValue(context: ReadContext, field: number, values: Map<ValueKind, Values[ValueKind]>): void {
  switch (field) {
    case 5:
      return setOnce(context.reader, values, "tensor", () => readTensor(context));
    case 6:
      return setOnce(context.reader, values, "graph", () => readSubgraph(context));
    case 14:
      return setOnce(context.reader, values, "type", () => readType(context.reader));
    case 22:
      return setOnce(context.reader, values, "sparse-tensor", () => readSparseTensor(context));
    case 10:
      listOf<OnnxTensor>(values, "tensors").push(readTensor(context));
      return;
    case 11:
      listOf<OnnxSubgraph>(values, "graphs").push(readSubgraph(context));
      return;
    case 15:
      listOf<OnnxType>(values, "types").push(readType(context.reader));
      return;
    case 23:
      listOf<OnnxSparseTensor>(values, "sparse-tensors").push(readSparseTensor(context));
  }
}

function readSubgraph(context: ReadContext): OnnxSubgraph {
  const raw = context.reader.content;
  return { graph: context.readGraph(context), raw };
}

function setOnce<K extends ValueKind>(reader: WireReader, values: Map<ValueKind, Values[ValueKind]>, kind: K, read: () => Values[K]): void {
  requireFirst(reader, values.get(kind), "AttributeProto", kind);
  values.set(kind, read());
}

function listOf<T>(values: Map<ValueKind, unknown>, kind: ValueKind): T[] {
  const list = (values.get(kind) ?? []) as T[]; // stored by this function only, under the kind whose elements are T
  values.set(kind, list);
  return list;
}
