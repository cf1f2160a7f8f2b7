import { type ByteRange, memoryRange } from "../files/index.js";
import { type OnnxDataField, onnxDataType } from "./data-types.js";
import { limitExceeded, numberInvalid, type Place, tensorData } from "./errors.js";
import { externalData } from "./external-data.js";
import type { OnnxSparseTensor, OnnxTensor, OnnxTensorData } from "./model.js";
import { NO_ENTRIES, NO_ITEMS, type ReadContext, readEntry, readMessage, requireFirst } from "./read-context.js";
import { decodeStrings, decodeTyped } from "./typed-data.js";
import type { WireReader } from "./wire-reader.js";

/** TensorProto fields that hold elements. */
const TYPED_FIELDS: ReadonlyMap<number, OnnxDataField> = new Map([
  [4, "float_data"],
  [5, "int32_data"],
  [6, "string_data"],
  [7, "int64_data"],
  [10, "double_data"],
  [11, "uint64_data"],
]);

/** Fields whose content, if it is one run, is the raw elements already. */
const RAW_FIELDS: ReadonlySet<string> = new Set(["raw_data", "float_data", "double_data"]);

/** A TensorProto while it is read. */
interface Draft {
  name: string;
  docString: string;
  dims: number[];
  dataType: number;
  metadata: ReadonlyMap<string, string>;
  /** Content of the fields that hold elements, by field; a field that is not one packed run has none. */
  readonly payloads: Map<OnnxDataField | "raw_data", ByteRange | undefined>;
  external: ReadonlyMap<string, string>;
  isExternal: boolean;
}

/** The TensorProto in the current field. Its elements are not read. */
export function readTensor(context: ReadContext): OnnxTensor {
  const { reader } = context;
  const at = reader.place;
  const message = reader.content;
  const draft: Draft = {
    name: "",
    docString: "",
    dims: [],
    dataType: 0,
    metadata: NO_ENTRIES,
    payloads: new Map(),
    external: NO_ENTRIES,
    isExternal: false,
  };
  readMessage(reader, (field) => readTensorField(reader, field, draft));
  const { name, docString, dataType, metadata } = draft;
  const dims = draft.dims.length === 0 ? NO_ITEMS : draft.dims;
  const data = draft.isExternal ? externalOf(context, draft, at) : payloadOf(context, draft, message, at);
  return { name, docString, dims, dataType, metadata, data };
}

/** The SparseTensorProto in the current field. */
export function readSparseTensor(context: ReadContext): OnnxSparseTensor {
  const { reader } = context;
  let values: OnnxTensor | undefined;
  let indices: OnnxTensor | undefined;
  const dims: number[] = [];
  const at = reader.place;
  readMessage(reader, (field) => {
    if (field === 1) {
      requireFirst(reader, values, "SparseTensorProto", "values");
      values = readTensor(context);
    } else if (field === 2) {
      requireFirst(reader, indices, "SparseTensorProto", "indices");
      indices = readTensor(context);
    } else if (field === 3) readDims(reader, dims);
  });
  if (values === undefined || indices === undefined) throw tensorData(at, "", "is sparse and lacks its values or indices");
  return { values, indices, dims };
}

function readTensorField(reader: WireReader, field: number, draft: Draft): void {
  switch (field) {
    case 1:
      return readDims(reader, draft.dims);
    case 2:
      draft.dataType = reader.integer("A data type");
      return;
    case 3:
      throw tensorData(reader.place, draft.name, "is one segment of a tensor, which no ONNX tool writes");
    case 8:
      draft.name = reader.name();
      return;
    case 9:
      if (reader.byteLength > 0) draft.payloads.set("raw_data", reader.content);
      return;
    case 12:
      draft.docString = reader.prose();
      return;
    case 13:
      draft.external = readExternalEntry(reader, draft);
      return;
    case 14:
      draft.isExternal = reader.integer("A data location") === 1;
      return;
    case 16:
      draft.metadata = readEntry(reader, draft.metadata);
      return;
    default:
      return readTypedField(reader, field, draft);
  }
}

function readDims(reader: WireReader, dims: number[]): void {
  reader.integers(dims, "A dimension");
  const { rank } = reader.limits;
  if (dims.length > rank) throw limitExceeded(reader.place, "dimensions in a tensor", rank);
  const negative = dims.find((dim) => dim < 0);
  if (negative !== undefined) throw numberInvalid(reader.place, "A dimension of a tensor with data", negative);
}

/** Keys occur once: readers differ in which of two locations they take. */
function readExternalEntry(reader: WireReader, draft: Draft): ReadonlyMap<string, string> {
  const before = draft.external.size;
  const at = reader.place;
  const entries = readEntry(reader, draft.external);
  if (entries.size === before) throw tensorData(at, draft.name, "has two external_data entries of one key");
  return entries;
}

function readTypedField(reader: WireReader, field: number, draft: Draft): void {
  const name = TYPED_FIELDS.get(field);
  if (name === undefined) return;
  if (name !== "string_data" && reader.packed && reader.byteLength === 0) return;
  const single = reader.packed && !draft.payloads.has(name);
  draft.payloads.set(name, single ? reader.content : undefined);
}

function externalOf(context: ReadContext, draft: Draft, at: Place): OnnxTensorData {
  if (draft.payloads.size > 0) throw tensorData(at, draft.name, "has both external and inline data");
  return externalData(context.external, draft, at);
}

function payloadOf(context: ReadContext, draft: Draft, message: ByteRange, at: Place): OnnxTensorData {
  const [field, second] = draft.payloads.keys();
  if (second !== undefined) throw tensorData(at, draft.name, `has elements in ${field} and in ${second}; one may be used`);
  checkField(draft, field, at);
  const { limits } = context.reader;
  const { name, dims, dataType } = draft;
  if (onnxDataType(dataType)?.dtype === "string") return { kind: "strings", strings: once(() => decodeStrings(message, limits, draft)) };
  if (field === undefined) return { kind: "bytes", bytes: new Uint8Array(0) };
  const run = draft.payloads.get(field);
  if (run !== undefined && RAW_FIELDS.has(field)) return { kind: "inline", open: () => run };
  const typed = field as OnnxDataField; // raw_data always has one run
  return { kind: "typed", open: once(() => memoryRange(decodeTyped(message, limits, { name, dims, dataType, field: typed }))) };
}

/** Throws VX-IMPORT-ONNX-TENSOR-DATA if `field` does not hold elements of the data type; unknown types pass here. */
function checkField(draft: Draft, field: OnnxDataField | "raw_data" | undefined, at: Place): void {
  const type = onnxDataType(draft.dataType);
  if (type === undefined || field === undefined) return;
  const holds = field === "raw_data" ? type.dtype !== "string" : type.field === field;
  if (!holds) throw tensorData(at, draft.name, `has elements in ${field}, which does not hold ${type.onnxName}; expected ${type.field}`);
}

/** `make`, called at the first call only. */
function once<T>(make: () => T): () => T {
  let value: { readonly of: T } | undefined;
  return () => {
    value ??= { of: make() };
    return value.of;
  };
}
